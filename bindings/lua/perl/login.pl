# The pattern for Perl: FFI::Platypus, next_event and the file store. No callback is given to the library: one that came from a
# library thread would end the process.
#
# Authorizes once, then makes a request: run it twice and the second run asks for nothing.
# SPDX-License-Identifier: MIT
use strict;
use warnings;
use FFI::Platypus 1.00;

package Ecoauth;

use constant {POLL => 2, TIMEOUT => -6, PIN => 1, COMPLETED => 5};

my $ffi = FFI::Platypus->new(api => 1, lib => $ENV{ECOAUTH_LIBRARY} // 'libecoauth.so.0');
my %functions = (
  store_new_file => [['string'] => 'opaque'],
  options_new => [[] => 'opaque'],
  options_set_client_id => [['opaque', 'string'] => 'sint32'],
  options_set_base_url => [['opaque', 'string'] => 'sint32'],
  options_set_store => [['opaque', 'opaque'] => 'sint32'],
  options_set_dispatch => [['opaque', 'sint32'] => 'sint32'],
  client_new => [['opaque', 'opaque*', 'opaque*'] => 'sint32'],
  client_next_event => [['opaque', 'sint64', 'opaque*', 'opaque*'] => 'sint32'],
  client_cancel => [['opaque', 'sint64'] => 'sint32'],
  client_free => [['opaque'] => 'void'],
  account_open => [['opaque', 'string', 'opaque*', 'opaque*'] => 'sint32'],
  account_wait_start => [['opaque', 'sint64', 'sint64*', 'opaque*'] => 'sint32'],
  account_authorize_pin_start => [['opaque', 'sint64*', 'opaque*'] => 'sint32'],
  account_request_start => [['opaque', 'string', 'string', 'opaque', 'size_t', 'string', 'sint64*', 'opaque*'] => 'sint32'],
  account_generation => [['opaque'] => 'sint64'],
  account_close => [['opaque'] => 'void'],
  event_kind => [['opaque'] => 'sint32'],
  event_operation => [['opaque'] => 'sint64'],
  event_result => [['opaque'] => 'sint32'],
  event_error => [['opaque'] => 'opaque'],
  event_response => [['opaque'] => 'opaque'],
  event_pin => [['opaque'] => 'string'],
  event_verification_url => [['opaque'] => 'string'],
  event_free => [['opaque'] => 'void'],
  response_body => [['opaque'] => 'string'],
  error_message => [['opaque'] => 'string'],
  error_advice => [['opaque'] => 'string'],
  error_free => [['opaque'] => 'void'],
);
$ffi->attach(["ecoauth_$_" => $_] => @{$functions{$_}}) for keys %functions;

# Dies with {code, message, advice} of the library's error object, which is left alone.
sub fail {
  my ($code, $object) = @_;
  die {code => $code, message => $object ? error_message($object) : "error $code", advice => $object ? error_advice($object) : ''};
}

# Calls with an out parameter and the error behind the others; returns what came out.
sub call {
  my ($name, @arguments) = @_;
  my ($out, $error);
  my $result = Ecoauth->can($name)->(@arguments, \$out, \$error);
  return $out if $result >= 0;
  eval { fail($result, $error) };
  my $failure = $@;
  error_free($error);
  die $failure;
}

sub open {
  my ($class, $folder, $client_id, $base_url, $show) = @_;
  my $options = options_new();
  options_set_client_id($options, $client_id);
  options_set_base_url($options, $base_url) if defined $base_url;
  options_set_store($options, store_new_file($folder));
  options_set_dispatch($options, POLL);
  my $client = call('client_new', $options);
  return bless {client => $client, account => call('account_open', $client, 'default'), show => $show}, $class;
}

sub DESTROY {
  my ($self) = @_;
  account_close($self->{account});
  client_free($self->{client});
}

# Starts an operation of the account and handles events until it has ended; gives its COMPLETED event to $then.
sub run {
  my ($self, $name, $then, @arguments) = @_;
  my $operation = call("account_${name}_start", $self->{account}, @arguments);
  my ($finished, $value);
  until ($finished) {
    my $event = $self->next_event or next;
    eval {
      my $kind = event_kind($event);
      if ($kind == PIN) {
        $self->{show}->(event_pin($event), event_verification_url($event));
      } elsif ($kind == COMPLETED && event_operation($event) == $operation) {
        $finished = 1;
        fail(event_result($event), event_error($event)) if event_result($event) < 0;
        $value = $then->($event) if $then;
      }
      1;
    } or do {
      my $failure = $@;
      event_free($event);
      client_cancel($self->{client}, $operation) unless $finished;
      die $failure;
    };
    event_free($event);
  }
  return $value;
}

# Short waits: signals are handled between them.
sub next_event {
  my ($self) = @_;
  my $event = eval { call('client_next_event', $self->{client}, 100) };
  my $failure = $@;
  return $event if $event;
  die $failure if !ref $failure || $failure->{code} != TIMEOUT;
  return;
}

sub authorized {
  my ($self) = @_;
  $self->run('wait', undef, 0);    # reads the store
  return account_generation($self->{account}) > 0;
}

sub request {
  my ($self, $method, $target) = @_;
  return $self->run('request', sub { response_body(event_response($_[0])) }, $method, $target, undef, 0, undef);
}

package main;

$| = 1;
eval {
  my $ecoauth = Ecoauth->open('tokens', $ENV{ECOAUTH_CLIENT_ID}, $ENV{ECOAUTH_SERVER}, sub { print "Enter $_[0] at $_[1]\n" });
  $ecoauth->run('authorize_pin') unless $ecoauth->authorized;
  print $ecoauth->request('GET', '/1/thermostatSummary?json=%7B%7D'), "\n";
  1;
} or do {
  my $failure = $@;
  die $failure unless ref $failure;
  print STDERR "$failure->{message}\n$failure->{advice}\n";
  exit 1;
};
