"""Each rule must be able to fail, and must let its neighbours pass."""

HEADER = "#pragma once\n"
# rule, the file that is bad, its text, further files it needs
BAD = [
    ("check_arrows", "src/base/a.cpp", '#include "client/b.hpp"\n', {}),
    ("check_arrows", "src/protocol/a.cpp", '#include "store/b.hpp"\n', {}),
    ("check_arrows", "src/net/a.cpp", '#include "protocol/b.hpp"\n', {}),
    ("check_arrows", "src/store/a.hpp", '#  include "net/b.hpp"\n', {}),
    ("check_arrows", "src/client/a.cpp", '/* x */ \n#include "capi/b.hpp"\n', {}),
    ("check_arrows", "src/client/a.cpp", '#include "cli/b.hpp"\n', {}),
    ("check_arrows", "src/capi/a.cpp", '#include "sandbox/b.hpp"\n', {}),
    ("check_arrows", "src/cli/a.cpp", '#include "base/text.hpp"\n', {}),
    ("check_arrows", "src/sandbox/a.cpp", '#include "protocol/answers.hpp"\n', {}),
    ("check_arrows", "src/sandbox/a.cpp", '#include <ecoauth/ecoauth.h>\n', {}),
    ("check_arrows", "src/base/a.cpp", '#include "text.hpp"\n', {}),
    ("check_arrows", "src/new_layer/a.cpp", "int a;\n", {}),
    ("check_arrows", "include/ecoauth/a.h", '#include "base/text.hpp"\n', {}),
    ("check_poco", "src/store/a.cpp", "#include <Poco/Net/HTTPRequest.h>\n", {}),
    ("check_poco", "src/protocol/a.cpp", "#include <Poco/Net/Context.h>\n", {}),
    ("check_poco", "src/capi/a.cpp", "#include <Poco/JSON/Parser.h>\n", {}),
    ("check_poco", "src/cli/a.cpp", "#include <Poco/JSON/Parser.h>\n", {}),
    ("check_poco", "src/client/a.cpp", '#include "net/b.hpp"\n', {"src/net/b.hpp": "#include <Poco/Net/Context.h>\n"}),
    ("check_poco", "src/client/a.cpp", '#include "net/b.hpp"\n',
     {"src/net/b.hpp": '#include "net/c.hpp"\n', "src/net/c.hpp": "namespace Poco { class Exception; }\n"}),
    ("check_catch_all", "src/client/a.cpp", "void f() { try { g(); } catch (...) {} }\n", {}),
    ("check_catch_all", "src/capi/account.cpp", "void f() { try { g(); } catch( ... ) {} }\n", {}),
    ("check_catch_all", "src/sandbox/server.cpp", "void f() { try { g(); } catch (...) {} }\n", {}),
    ("check_forbidden_calls", "src/net/a.cpp", 'auto* p = ::getenv("HOME");\n', {}),
    ("check_forbidden_calls", "src/net/a.cpp", 'auto* p = std::getenv ("HOME");\n', {}),
    ("check_forbidden_calls", "src/base/a.cpp", 'void f() { setlocale(0, ""); }\n', {}),
    ("check_forbidden_calls", "src/base/a.cpp", 'void f() { std::locale::global(std::locale("")); }\n', {}),
    ("check_forbidden_calls", "src/store/a.cpp", 'void f() { std::cerr << "x"; }\n', {}),
    ("check_forbidden_calls", "src/client/a.cpp", 'void f() { std::cout << "x"; }\n', {}),
    ("check_forbidden_calls", "src/capi/a.cpp", 'void f() { printf("x"); }\n', {}),
    ("check_forbidden_calls", "src/capi/a.cpp", 'void f() { fprintf(stderr, "x"); }\n', {}),
    ("check_forbidden_calls", "src/capi/a.cpp", "void f() { std::abort(); }\n", {}),
    ("check_forbidden_calls", "src/capi/a.cpp", "void f() { if (x) exit(1); }\n", {}),
    ("check_forbidden_calls", "src/base/a.cpp", "void f() { ::sigaction(SIGPIPE, &a, nullptr); }\n", {}),
    ("check_forbidden_calls", "src/base/a.cpp", "int n = 1'000; void f() { abort(); } int m = 1'0;\n", {}),
    ("check_forbidden_calls", "src/base/a.cpp", 'const char* s = "//"; void f() { abort(); }\n', {}),
    ("check_extern_c", "src/client/a.cpp", 'extern "C" void f() {}\n', {}),
    ("check_sizes", "src/client/a.cpp", "int a;\n" * 401, {}),
    ("check_ascii", "src/client/a.cpp", "// caf\u00e9\n", {}),
    ("check_ascii", "include/ecoauth/a.h", "/* \u2026 */\n", {}),
    ("check_outside_tests", "tests/capi/a.cpp", '#include "client/client.hpp"\n', {}),
    ("check_machine_paths", "README.md", "see /ho" + "me/me/x\n", {}),
    ("check_machine_paths", "dev", "cd /wo" + "rk/main\n", {}),
]
# What the rules must let pass.
GOOD = {
    "src/base/a.cpp": '#include "base/text.hpp"\n#include <ecoauth/error.h>\n// getenv( and std::cout, abort(), catch (...)\n',
    "src/base/worker_pool.cpp": "void f() { try { g(); } catch (...) { throw; } }\n",
    "src/protocol/a.cpp": '#include <Poco/JSON/Parser.h>\nconst char* s = "printf(exit(1))";\n',
    "src/net/a.hpp": HEADER + "#include <Poco/Net/Context.h>\n",
    "src/net/a.cpp": '#include "net/a.hpp"\nvoid f(Session& s) { s.abort(); pool->exit(); snprintf(b, n, "x"); do_exit(1); }\n',
    "src/client/a.cpp": '#include "net/http.hpp"\n#include "store/s.hpp"\n#include "protocol/p.hpp"\n// #include "capi/x.hpp"\n',
    "src/net/http.hpp": HEADER + "// POCO is not shown here: Poco::Net stays inside\n",
    "src/capi/guard.hpp": "void f() { try { g(); } catch (...) {} }\n",
    "src/capi/a.cpp": '#include <ecoauth/ecoauth.h>\n#include "client/a.hpp"\nextern "C" int f() { return 0; }\n',
    "src/cli/main.cpp": '#include <CLI/CLI.hpp>\n#include <ecoauth/ecoauth.h>\nint main() { std::cerr << std::getenv("X"); }\n',
    "src/sandbox/a.cpp": '#include "base/text.hpp"\n#include <Poco/Net/HTTPServer.h>\nvoid f() { printf("ready"); }\n',
    "include/ecoauth/long.h": "/* line */\n" * 900,
    "tests/capi/a.cpp": '#include <ecoauth/ecoauth.h>\n#include "support/x.hpp"\n',
    "README.md": "https://example.com/ho" + "me/x and $HO" + "ME/.local and ./wo" + "rk/x; caf\u00e9\n",
}


def self_check(violations, rules):
    """Returns an exit code; prints what a rule missed or wrongly caught."""
    wrong = 0
    for rule, path, text, others in BAD:
        if not any(r == rule and p == path for r, p, _ in violations({path: text, **others})):
            wrong += 1
            print(f"{rule} did not object to {path}: {text!r:.120}")
    for rule, path, text in violations(GOOD):
        wrong += 1
        print(f"{rule} objected to a good file, {path}: {text}")
    for rule in rules:
        if rule.__name__ not in {bad[0] for bad in BAD}:
            wrong += 1
            print(f"{rule.__name__} is never shown to fail")
    print(f"{len(BAD)} bad and {len(GOOD)} good samples, {wrong} wrong verdicts")
    return 1 if wrong else 0
