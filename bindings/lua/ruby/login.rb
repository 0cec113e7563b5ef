# The pattern for Ruby: Fiddle, next_event and the file store. No callback is given to the library: one that came from a library
# thread would end the process. Fiddle lets go of Ruby's lock while next_event() waits, so other threads go on.
#
# Authorizes once, then makes a request: run it twice and the second run asks for nothing.
# SPDX-License-Identifier: MIT
require "fiddle"
require "fiddle/import"

module Ecoauth
  extend Fiddle::Importer
  dlload ENV["ECOAUTH_LIBRARY"] || "libecoauth.so.0"

  typealias "int32_t", "int"
  typealias "int64_t", "long long"
  [
    "void *ecoauth_store_new_file(const char *)",
    "void *ecoauth_options_new(void)",
    "int32_t ecoauth_options_set_client_id(void *, const char *)",
    "int32_t ecoauth_options_set_base_url(void *, const char *)",
    "int32_t ecoauth_options_set_store(void *, void *)",
    "int32_t ecoauth_options_set_dispatch(void *, int32_t)",
    "int32_t ecoauth_client_new(void *, void *, void *)",
    "int32_t ecoauth_client_next_event(void *, int64_t, void *, void *)",
    "int32_t ecoauth_client_cancel(void *, int64_t)",
    "void ecoauth_client_free(void *)",
    "int32_t ecoauth_account_open(void *, const char *, void *, void *)",
    "int32_t ecoauth_account_wait_start(void *, int64_t, void *, void *)",
    "int32_t ecoauth_account_authorize_pin_start(void *, void *, void *)",
    "int32_t ecoauth_account_request_start(void *, const char *, const char *, void *, size_t, const char *, void *, void *)",
    "int64_t ecoauth_account_generation(void *)",
    "void ecoauth_account_close(void *)",
    "int32_t ecoauth_event_kind(void *)",
    "int64_t ecoauth_event_operation(void *)",
    "int32_t ecoauth_event_result(void *)",
    "void *ecoauth_event_error(void *)",
    "void *ecoauth_event_response(void *)",
    "const char *ecoauth_event_pin(void *)",
    "const char *ecoauth_event_verification_url(void *)",
    "void ecoauth_event_free(void *)",
    "const char *ecoauth_response_body(void *)",
    "size_t ecoauth_response_body_bytes(void *)",
    "const char *ecoauth_error_message(void *)",
    "const char *ecoauth_error_advice(void *)",
    "void ecoauth_error_free(void *)",
  ].each { |declaration| extern declaration }

  POLL, TIMEOUT, PIN, COMPLETED = 2, -6, 1, 5

  class Error < StandardError
    attr_reader :code, :advice

    # Of the library's error object, which is left alone.
    def initialize(code, object)
      super(object.null? ? "error #{code}" : Ecoauth.ecoauth_error_message(object).to_s)
      @code, @advice = code, object.null? ? "" : Ecoauth.ecoauth_error_advice(object).to_s
    end
  end

  # Calls with an out parameter and the error behind the others; returns what came out.
  def self.call(name, *arguments, out: Fiddle::SIZEOF_VOIDP)
    made, failure = Fiddle::Pointer.malloc(out, Fiddle::RUBY_FREE), Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
    result = send("ecoauth_#{name}", *arguments, made, failure)
    return made if result >= 0

    begin
      raise Error.new(result, failure.ptr)
    ensure
      ecoauth_error_free(failure.ptr)
    end
  end

  class Client
    def initialize(folder, client_id, base_url, &show)
      options = Ecoauth.ecoauth_options_new
      Ecoauth.ecoauth_options_set_client_id(options, client_id)
      Ecoauth.ecoauth_options_set_base_url(options, base_url) if base_url
      Ecoauth.ecoauth_options_set_store(options, Ecoauth.ecoauth_store_new_file(folder))
      Ecoauth.ecoauth_options_set_dispatch(options, POLL)
      @client, @show = Ecoauth.call(:client_new, options).ptr, show
      @account = Ecoauth.call(:account_open, @client, "default").ptr
    end

    def close
      Ecoauth.ecoauth_account_close(@account)
      Ecoauth.ecoauth_client_free(@client)
      @client = nil
    end

    # Starts an operation of the account and handles events until it has ended; yields its COMPLETED event.
    def run(name, *arguments)
      operation = Ecoauth.call("account_#{name}_start", @account, *arguments)[0, 8].unpack1("q")
      finished = false
      until finished
        event = next_event or next
        begin
          case Ecoauth.ecoauth_event_kind(event)
          when PIN
            @show.call(Ecoauth.ecoauth_event_pin(event).to_s, Ecoauth.ecoauth_event_verification_url(event).to_s)
          when COMPLETED
            next unless Ecoauth.ecoauth_event_operation(event) == operation

            finished, result = true, Ecoauth.ecoauth_event_result(event)
            raise Error.new(result, Ecoauth.ecoauth_event_error(event)) if result < 0

            value = yield event if block_given?
          end
        ensure
          Ecoauth.ecoauth_event_free(event)
        end
      end
      value
    ensure
      Ecoauth.ecoauth_client_cancel(@client, operation) if operation && !finished
    end

    # Short waits: Ctrl-C takes effect between them.
    def next_event
      Ecoauth.call(:client_next_event, @client, 100).ptr
    rescue Error => error
      raise unless error.code == TIMEOUT
    end

    def authorized?
      run(:wait, 0) # reads the store
      Ecoauth.ecoauth_account_generation(@account) > 0
    end

    def request(method, target)
      run(:request, method, target, nil, 0, nil) do |event|
        response = Ecoauth.ecoauth_event_response(event)
        Ecoauth.ecoauth_response_body(response)[0, Ecoauth.ecoauth_response_body_bytes(response)]
      end
    end
  end
end

client = Ecoauth::Client.new("tokens", ENV.fetch("ECOAUTH_CLIENT_ID"), ENV["ECOAUTH_SERVER"]) do |pin, address|
  puts "Enter #{pin} at #{address}"
end
begin
  client.run(:authorize_pin) unless client.authorized?
  puts client.request("GET", "/1/thermostatSummary?json=%7B%7D")
rescue Ecoauth::Error => error
  abort "#{error.message}\n#{error.advice}"
ensure
  client.close
end
