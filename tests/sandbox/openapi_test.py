"""src/sandbox/openapi.yaml is the sandbox: the file is valid, every path and method of the server is in it and none else, each parameter
is taken and refused as it says, and every answer has the form that it promises. Needs the packages of openapi.txt."""
import pathlib
import re
import urllib.parse

import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from sandbox_case import FROZEN, Case, main, new_client_id

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src/sandbox"
FILE = SOURCE / "openapi.yaml"
SPEC = yaml.safe_load(FILE.read_text(encoding="ascii"))
METHODS = ("get", "post", "put", "delete", "patch", "options")
ADDRESS = "https://client.example/done"


def resolved(node):
    """The same without $ref."""
    if isinstance(node, list):
        return [resolved(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = SPEC
        for name in node["$ref"].lstrip("#/").split("/"):
            target = target[name]
        return resolved(target)
    return {name: resolved(each) for name, each in node.items()}


OPERATIONS = {(method, path): resolved(operation) for path, item in SPEC["paths"].items() for method, operation in item.items()
              if method in METHODS}
CONTROL = {key: operation for key, operation in OPERATIONS.items() if "control" in operation["tags"]}


def form_of(operation):
    body = operation.get("requestBody")
    return body["content"]["application/x-www-form-urlencoded"]["schema"] if body else {"properties": {}}


class OpenApi(Case):
    ARGUMENTS = FROZEN

    def expect_described(self, key, answer):
        """The answer has a status and a form that the file knows."""
        known = OPERATIONS[key]["responses"]
        self.assertIn(str(answer.status), known, (key, answer))
        content = known[str(answer.status)].get("content", {})
        kind = (answer.headers["Content-Type"] or "").split(";")[0]
        if not content:
            return answer
        self.assertIn(kind, content, (key, answer))
        if kind == "application/json":
            problems = [f"{problem.json_path}: {problem.message}"
                        for problem in OAS30Validator(content[kind]["schema"]).iter_errors(answer.json())]
            self.assertEqual(problems, [], (key, answer))
        return answer

    def call(self, key, parameters=None, in_query=None, **what):
        method, path = key
        in_query = method != "post" if in_query is None else in_query
        style = {"query" if in_query else "form": parameters or {}}
        return self.expect_described(key, self.sandbox.request(method.upper(), path, **style, **what))

    # --- The file -----------------------------------------------------------------------------------------------------

    def test_is_valid(self):
        validate(SPEC)
        names = [operation["operationId"] for operation in OPERATIONS.values()]
        self.assertEqual(len(names), len(set(names)))

    def test_is_what_the_server_hands_out(self):
        answer = self.call(("get", "/sandbox/openapi.yaml"))
        self.assertEqual(answer.headers["Content-Type"], "application/yaml")
        self.assertEqual(answer.body, FILE.read_bytes())

    def test_paths(self):
        """Those of the source, but for pages: each with the methods that it has, as the server says itself."""
        literals = set()
        for name in ("router.cpp", "control.cpp", "api_stub.cpp"):
            literals |= set(re.findall(r'"(/[\w./-]+)"', (SOURCE / name).read_text(encoding="ascii")))
        literals.discard("/sandbox/")  # what they begin with
        access = self.login("smartWrite").access
        self.assertEqual({path for path in literals if not path.startswith("/consumerportal")}, set(SPEC["paths"]))
        for path in SPEC["paths"]:
            headers = {"Authorization": "Bearer " + access}
            for method in METHODS:
                answer = self.sandbox.request(method.upper(), path, headers=headers)
                value = answer.json() if answer.text.startswith("{") else {}
                refused = (answer.status in (404, 405) or value.get("error") == "not_supported"
                           or value.get("status", {}).get("code") == 3)
                self.assertEqual((method, path) in OPERATIONS, not refused, (method, path, answer))

    # --- The control API ----------------------------------------------------------------------------------------------

    def samples(self, key):
        """For each parameter something that it takes, with what it needs beside it."""
        method, path = key
        if path in ("/sandbox/approve", "/sandbox/decline"):
            yield {"pin": self.start_pin()["ecobeePin"]}
            self.start_pin()
            yield {"all": "true"}
            return
        if path == "/sandbox/revoke":
            yield {"client_id": self.client_id}
            for by in ("user", "ecobee"):
                yield {"client_id": new_client_id(), "by": by}
            yield {"all": "true"}
            return
        if path == "/sandbox/consent":
            asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": ADDRESS, "scope": "smartRead", "state": "s",
                     "code_challenge": "x" * 43, "code_challenge_method": "S256"}
            for decision in ("accept", "decline"):
                yield {"decision": decision, **asked}
                yield {"decision": decision, "url": self.sandbox.url + "/authorize?" + urllib.parse.urlencode(asked)}
            return
        if path == "/sandbox/fault" and method == "post":
            yield from self.sample_faults()
            return
        if path not in ("/sandbox/expire", "/sandbox/clock"):
            yield {}
        for name, schema in form_of(OPERATIONS[key])["properties"].items():
            for value in schema.get("enum", [schema.get("minimum"), schema.get("maximum")]):
                yield {name: value}

    def sample_faults(self):
        told = self.sandbox.control("faults", "GET")
        for kind in told["faults"]:
            required = {each["name"]: each.get("low", "x") for each in kind["parameters"] if each["required"]}
            for parameter in kind["parameters"] + told["common"]:
                values = parameter.get("values") or [parameter.get("low", "x"), parameter.get("high", "y")]
                for value in values:
                    if parameter["name"] != "at" or value in kind["at"]:
                        yield {"name": kind["name"], **required, parameter["name"]: value}

    def test_every_parameter(self):
        self.sandbox = self.new_sandbox(*FROZEN)  # of which not much is left afterwards
        self.try_every_parameter()

    def try_every_parameter(self):
        for key, operation in CONTROL.items():
            form = form_of(operation)
            taken = set()
            for sample in self.samples(key):
                with self.subTest(key, sample=sample):
                    self.assertLessEqual(set(sample), set(form["properties"]))
                    problems = [problem.message for problem in OAS30Validator(
                        {**form, "properties": {name: {**schema, "type": "string"} if "enum" in schema else schema
                                                for name, schema in form["properties"].items()}}).iter_errors(
                            {name: str(value) if "enum" in form["properties"][name] else value for name, value in sample.items()})]
                    self.assertEqual(problems, [])
                    self.assertEqual(self.call(key, sample).status, 200)
                    taken |= set(sample)
                    if key == ("post", "/sandbox/fault"):
                        self.sandbox.control("fault", "DELETE")
            self.assertEqual(taken, set(form["properties"]), f"{key}: not all were tried")

    def test_refusals(self):
        for key, operation in CONTROL.items():
            form = form_of(operation)
            with self.subTest(key):
                self.assertEqual(self.call(key, {"no_such_parameter": "x"}).status, 400)
                self.assertEqual(self.call(key, {"no_such_parameter": "x"}, in_query=True).status, 400)
            for missing in form.get("required", ()):
                with self.subTest(key, missing=missing):
                    self.assertEqual(self.call(key, {}).status, 400)
            for name, schema in form["properties"].items():
                wrong = ["no-such-value"] if "enum" in schema else \
                    [schema["minimum"] - 1, schema["maximum"] + 1, "x"] if "minimum" in schema else []
                base = {"name": "http_status", "status": 503} if key == ("post", "/sandbox/fault") else {}
                for value in wrong:
                    with self.subTest(key, name=name, value=value):
                        self.assertEqual(self.call(key, {**base, name: value}).status, 400)
        self.assertEqual(self.sandbox.state()["faults"], [])
        for path in ("/sandbox/approve", "/sandbox/decline"):
            self.assertEqual(self.call(("post", path), {"pin": "XXXX-XXXX"}).status, 404)

    def test_the_lists_are_the_servers(self):
        told = self.sandbox.control("faults", "GET")
        form = form_of(OPERATIONS["post", "/sandbox/fault"])["properties"]
        self.assertEqual(form["name"]["enum"], [each["name"] for each in told["faults"]])
        names = {each["name"] for kind in told["faults"] for each in kind["parameters"]} | {each["name"] for each in told["common"]}
        self.assertEqual(set(form) - {"name"}, names)
        policy = form_of(OPERATIONS["post", "/sandbox/policy"])["properties"]
        for each in self.sandbox.control("switches", "GET")["switches"]:
            schema = policy.pop(each["name"])
            self.assertIn(each["words"], schema["description"])
            self.assertIn(each["option"], schema["description"])
            self.assertEqual(schema.get("enum"), each.get("values"))
            self.assertEqual((schema.get("minimum"), schema.get("maximum")), (each.get("low"), each.get("high")))
        self.assertEqual(policy, {})

    def test_foreign(self):
        for key in CONTROL:
            with self.subTest(key):
                self.assertEqual(self.call(key, headers={"Host": "evil.example"}).status, 421)
                self.assertEqual(self.call(key, headers={"Origin": "http://evil.example"}).status, 403)

    def test_log_and_state(self):
        grant = self.login()
        self.api(grant.access)
        self.sandbox.control("fault", name="http_status", status=503, for_s=60, grant_type="refresh_token", skip=1)
        for key in (("get", "/sandbox/state"), ("get", "/sandbox/log")):
            self.assertEqual(self.call(key).status, 200)
        self.assertEqual(self.call(("get", "/sandbox/log"), {"after": 2}).status, 200)
        self.assertEqual(self.call(("get", "/sandbox/log"), {"after": "x"}).status, 400)
        self.sandbox.control("fault", "DELETE")

    # --- The service --------------------------------------------------------------------------------------------------

    def test_service(self):
        authorize, token = ("get", "/authorize"), ("post", "/token")
        ask = {"response_type": "ecobeePin", "client_id": self.client_id, "scope": "smartRead"}
        pending = self.call(authorize, ask).json()
        self.assertEqual(self.call(authorize, {**ask, "client_id": "null"}).status, 401)
        self.assertEqual(self.call(authorize, {}).status, 400)
        self.assertIn(self.call(authorize, {**ask, "response_type": "code", "redirect_uri": ADDRESS}).status, (200, 302, 303))
        poll = {"grant_type": "ecobeePin", "client_id": self.client_id, "code": pending["code"]}
        self.assertEqual(self.call(token, poll).status, 401)
        self.call(("post", "/sandbox/approve"), {"pin": pending["ecobeePin"]})
        for in_query, parameters in ((False, poll), (True, None)):
            parameters = parameters or {"grant_type": "refresh_token", "code": tokens["refresh_token"], "client_id": self.client_id}
            answer = self.call(token, parameters, in_query)
            self.assertEqual(answer.status, 200)
            tokens = answer.json()
        self.assertEqual(self.call(token, poll).status, 400)
        bearer = {"Authorization": "Bearer " + tokens["access_token"]}
        for key, status in ((("get", "/1/thermostatSummary"), 200), (("get", "/1/thermostat"), 200), (("post", "/1/thermostat"), 500)):
            self.assertEqual(self.call(key, headers=bearer).status, status)
            self.assertEqual(self.call(key).status, 500)
        self.assertEqual(self.call(("get", "/.well-known/jwks.json")).status, 200)
        self.sandbox.control("policy", rate_limit=1)
        self.assertEqual(self.call(token, poll).status, 400)
        self.assertEqual(self.call(token, poll).status, 429)
        self.sandbox.control("policy", rate_limit=0)

    def test_legacy_has_no_keys(self):
        self.sandbox = self.new_sandbox(*FROZEN, "--profile", "legacy")
        self.assertEqual(self.call(("get", "/.well-known/jwks.json")).status, 404)
        self.try_every_parameter()


if __name__ == "__main__":
    main()
