"""One look at an answer for each fault: what is seen with it, and that something else is seen without it. And the list of all in words."""
import email.utils
import http.client
import time

from sandbox_case import FROZEN, Case, main, new_client_id

SERVICE = ("authorize", "token", "api")


class Looks(Case):
    ARGUMENTS = FROZEN

    def setUp(self):
        super().setUp()
        self.addCleanup(self.sandbox.control, "fault", "DELETE")

    def refreshed(self):
        """The answer to a refresh."""
        grant = self.login()
        self.add()
        try:
            answer = self.refresh(grant.refresh)
        except http.client.IncompleteRead as cut:
            return "cut", len(cut.partial)
        except (http.client.RemoteDisconnected, ConnectionResetError) as gone:
            return type(gone).__name__
        return answer

    def status(self):
        return self.refreshed().status

    def retry_after(self):
        answer = self.refreshed()
        return answer.status, answer.headers["Retry-After"]

    def retry_after_date(self):
        """How long after the answer's own Date."""
        answer = self.refreshed()
        dates = [answer.headers[name] and email.utils.parsedate_to_datetime(answer.headers[name])
                 for name in ("Retry-After", "Date")]
        return dates[0] and (dates[0] - dates[1]).total_seconds()

    def ending(self):
        answer = self.refreshed()
        return answer if isinstance(answer, (str, tuple)) else answer.status

    def location(self):
        answer = self.refreshed()
        return answer.status, answer.headers["Location"]

    def api_code(self):
        grant = self.login()
        self.add()
        first, second = self.api(grant.access), self.api(grant.access)
        return first.json()["status"]["code"], second.json()["status"]["code"]

    def body(self):
        return self.refreshed().body[:5]

    def members(self):
        answer = self.refreshed().json()
        return sorted(answer), answer.get("token_type")

    def unit(self):
        answer = self.refreshed()
        return answer.json()["expires_in"]

    def unit_of_pin(self):
        self.add()
        return self.start_pin()["expires_in"], self.start_pin()["expires_in"]

    def scope(self):
        """What the answer says, what the API lets do, and what the next answer says."""
        client_id = new_client_id()
        grant = self.login("smartRead,smartWrite", client_id)
        self.add()
        self.renew(grant)
        told = grant.answer["scope"]
        code = self.api(grant.access, "POST", "/1/thermostat").json()["status"]["code"]
        return told, code, self.renew(grant).answer["scope"]

    def waited(self):
        start = time.monotonic()
        status = self.refreshed().status
        return status, time.monotonic() - start >= 0.2

    def uses(self):
        """Requests that were acted upon, and whether the first answer's token lives."""
        self.sandbox.control("log", "DELETE")
        grant = self.login()
        self.add()
        self.renew(grant)
        code = self.api(grant.access).json()["status"]["code"]
        log = [each["outcome"] for each in self.sandbox.log() if each["endpoint"] == "token"]
        return len(log), code

    def add(self):
        if self.fault:
            self.sandbox.control("fault", **self.fault)

    ALL = ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
    BOTH, READ = "openid,smartRead,smartWrite,offline_access", "openid,smartRead,offline_access"
    # fault: (parameters, what is looked at, seen with it, seen without it)
    TABLE = (
        ("http_status", {"status": 522}, status, 522, 200),
        ("oauth_error", {"error": "invalid_client", "status": 401}, status, 401, 200),
        ("api_error", {"code": 14}, api_code, (14, 0), (0, 0)),
        ("api_error", {"code": 16, "count": 2}, api_code, (16, 16), (0, 0)),
        ("rate_limit", {"retry_after_s": 7}, retry_after, (429, "7"), (200, None)),
        ("rate_limit", {"status": 503, "form": "none"}, retry_after, (503, None), (200, None)),
        ("rate_limit", {"form": "date", "retry_after_s": 90}, retry_after_date, 90, None),
        ("redirect", {}, location, (302, "/consumerportal/index.html"), (200, None)),
        ("redirect", {"status": 307, "to": "https://portal.example/"}, location, (307, "https://portal.example/"), (200, None)),
        ("close", {}, ending, "RemoteDisconnected", 200),
        ("reset", {}, ending, "ConnectionResetError", 200),
        ("delay", {"ms": 200}, waited, (200, True), (200, False)),
        ("delay", {"ms": 200, "when": "after"}, waited, (200, True), (200, False)),
        ("drop_after_commit", {}, ending, "RemoteDisconnected", 200),
        ("drop_after_commit", {"how": "reset"}, ending, "ConnectionResetError", 200),
        ("truncate", {"bytes": 5}, ending, ("cut", 5), 200),
        ("truncate", {"bytes": 2, "announce": "cut"}, body, b"{\n", b"{\n  \""),
        ("drip", {"bytes": 500, "every_ms": 200}, waited, (200, True), (200, False)),
        ("member", {"member": "refresh_token"}, members, (sorted(set(ALL) - {"refresh_token"}), "Bearer"), (ALL, "Bearer")),
        ("member", {"member": "token_type", "value": "mac"}, members, (ALL, "mac"), (ALL, "Bearer")),
        ("member", {"member": "id_token", "value": "x"}, members, (sorted([*ALL, "id_token"]), "Bearer"), (ALL, "Bearer")),
        ("flip_unit", {}, unit, 60, 3600),
        ("flip_unit", {"at": "authorize"}, unit_of_pin, (15, 900), (900, 900)),
        ("narrow_scope", {}, scope, (READ, 2, READ), (BOTH, 0, BOTH)),
        ("duplicate", {}, uses, (3, 14), (2, 0)),
    )

    def test_each(self):
        for name, parameters, look, seen, without in self.TABLE:
            with self.subTest(name, **parameters):
                self.fault = {"name": name, **parameters}
                self.assertEqual(look(self), seen)
                self.fault = None
                self.sandbox.control("fault", "DELETE")
                self.assertEqual(look(self), without)

    def test_the_table_has_all(self):
        """The list in words; what it says about parameters is what is taken."""
        told = self.expect_json(self.sandbox.request("GET", "/sandbox/faults"), 200)
        self.assertEqual([each["name"] for each in told["faults"]], list(dict.fromkeys(row[0] for row in self.TABLE)))
        self.assertEqual([each["name"] for each in told["common"]],
                         ["at", "grant_type", "count", "skip", "after_s", "for_s"])
        for kind in told["faults"]:
            required = {each["name"]: each.get("low", "x") for each in kind["parameters"] if each["required"]}
            for missing in required:
                self.refused(kind["name"], {name: value for name, value in required.items() if name != missing})
            added = self.sandbox.control("fault", name=kind["name"], **required)["faults"][-1]
            for each in kind["parameters"]:
                self.assertGreater(len(each["words"]), 5)
                if "default" in each:
                    self.assertEqual(added[each["name"]], each["default"])
                for value in each.get("values", []) + ([each["low"], each["high"]] if "low" in each else []):
                    self.sandbox.control("fault", name=kind["name"], **{**required, each["name"]: value})
                if "low" in each:
                    for value in (each["low"] - 1, each["high"] + 1, "x"):
                        self.refused(kind["name"], {**required, each["name"]: value})
                if "values" in each:
                    self.refused(kind["name"], {**required, each["name"]: "x"})
            for at in SERVICE:
                if at in kind["at"]:
                    self.sandbox.control("fault", name=kind["name"], **required, at=at)
                else:
                    self.refused(kind["name"], {**required, "at": at})
            self.sandbox.control("fault", "DELETE")

    def refused(self, name, parameters):
        answer = self.sandbox.request("POST", "/sandbox/fault", form={"name": name, **parameters})
        self.assertEqual(answer.status, 400, (name, parameters))


if __name__ == "__main__":
    main()
