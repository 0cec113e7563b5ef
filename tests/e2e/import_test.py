"""Refresh tokens that other programs have, taken over from their files, which stay as they are."""
import dbm.dumb
import hashlib
import os
import pickle
import re
import shelve
import signal
import sys
import types

from harness import CLIENT_ID, OTHER_CLIENT_ID, Case, main, wait_for
from terminal import Terminal

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "samples")


def shelf_of(path, entries, protocol):
    """What Pyecobee 1 does: shelve.open(...)[name] = service, an object with slots."""
    module = types.ModuleType("pyecobee.service")
    slots = ["_thermostat_name", "_application_key", "_authorization_token", "_access_token", "_refresh_token", "_scope"]
    service = type("EcobeeService", (), {"__slots__": slots, "__module__": "pyecobee.service", "__qualname__": "EcobeeService"})
    module.EcobeeService = service
    sys.modules.update({"pyecobee": types.ModuleType("pyecobee"), "pyecobee.service": module})
    with shelve.Shelf(dbm.dumb.open(path, "n"), protocol=protocol) as shelf:
        for name, key, token in entries:
            thing = service()
            values = (name, key, "made-up-code", "an.access.token", token, "smartRead")
            for slot, value in zip(slots, values):
                setattr(thing, slot, value)
            shelf[name] = thing
    return path + ".dat"


class Import(Case):
    def setUp(self):
        super().setUp()
        self.server = self.sandbox("--refresh-policy", "strict")

    def refresh_token(self, client_id=CLIENT_ID, scope="smartRead"):
        """As another program gets one."""
        asked = self.server.request("GET", "/authorize", query={"response_type": "ecobeePin", "client_id": client_id,
                                                                "scope": scope}).json()
        self.server.control("approve", pin=asked["ecobeePin"])
        answer = self.server.request("POST", "/token", form={"grant_type": "ecobeePin", "code": asked["code"], "client_id": client_id})
        return answer.json()["refresh_token"]

    def sample(self, name, token, client_id=CLIENT_ID):
        with open(os.path.join(SAMPLES, name), encoding="utf-8") as file:
            text = file.read().replace("@CLIENT_ID@", client_id).replace("@REFRESH_TOKEN@", token)
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o400)
        return path

    def tool_for(self, name, has_key):
        tool = self.tool(self.server, client_id=None if has_key else CLIENT_ID)
        tool.environment["ECOAUTH_ACCOUNT"] = name
        return tool

    def imported(self, tool, path, *arguments, **options):
        """Imports, and checks that the grant is good and that the file is as it was."""
        def mark():
            with open(path, "rb") as file:
                return hashlib.sha256(file.read()).hexdigest(), os.stat(path).st_mtime_ns
        before = mark()
        run = self.expect(tool.run("import", "--json", *arguments, path, **options), 0, "Imported")
        self.assertEqual(mark(), before)
        line = run.object("imported")
        self.assertTrue(line["scope_satisfied"])
        self.expect(tool.run("request", "GET", '/1/thermostat?json={"selection":{"selectionType":"registered"}}'), 0)
        return run, line

    def test_files(self):
        for name, has_key, words in (("python-ecobee-api.conf", True, "python-ecobee-api"), ("pyecobee-2-tokens.json", False, "Pyecobee 2"),
                                     ("core.config_entries", True, "Home Assistant"), ("homebridge-config.json", False, "homebridge"),
                                     ("homebridge-cachedAccessories", False, "homebridge"),
                                     ("token-response.json", False, "token response")):
            with self.subTest(name=name):
                token = self.refresh_token()
                run, line = self.imported(self.tool_for(name, has_key), self.sample(name, token))
                self.assertIn(words, line["format"])
                self.assertIn("Recognized: " + line["format"], run.err)
                self.assertNotIn(token, run.out + run.err)
                self.assertNotIn(CLIENT_ID, run.out + run.err)
                if words != "token response":
                    self.assertIn("Now stop", run.err)

    def test_shelves(self):
        for protocol in (2, 3, 4, 5):
            with self.subTest(protocol=protocol):
                path = shelf_of(os.path.join(self.folder, f"shelf{protocol}"), [("My Thermostat", CLIENT_ID, self.refresh_token())], protocol)
                _, line = self.imported(self.tool_for(f"shelf{protocol}", True), path)
                self.assertEqual((line["format"], line["entry"]), ("Pyecobee 1, a shelf", "My Thermostat"))

    def test_several_in_one_file(self):
        entries = [("Home", CLIENT_ID, self.refresh_token()), ("Cabin", OTHER_CLIENT_ID, self.refresh_token(OTHER_CLIENT_ID))]
        path = shelf_of(os.path.join(self.folder, "shelf"), entries, pickle.DEFAULT_PROTOCOL)
        tool = self.tool(self.server, client_id=None)
        self.expect_failure(tool.run("import", path), 2, '"Home", "Cabin"', "--entry")
        self.expect_failure(tool.run("import", path, "--entry", "Attic"), 2, '"Home", "Cabin"')
        _, line = self.imported(tool, path, "--entry", "Cabin")
        self.assertEqual(line["entry"], "Cabin")
        tool.environment["ECOAUTH_CLIENT_ID"] = CLIENT_ID
        self.expect_failure(tool.run("import", path, "--entry", "Cabin"), 2, "another client id")

    def test_a_record_that_could_not_be_saved(self):
        """As a store gets it; here it is taken out of a token file."""
        first = self.tool_for("cabin", False)
        self.login(first, self.server)
        (content,) = first.files().values()
        slots = [content[4096 + 32768 * slot:][:32768] for slot in range(3)]
        heads = [re.match(rb"ecoauth-slot 1 seq=(\d+) try=\d+ size=(\d+) sha256=\w+\n", slot) for slot in slots]
        slot, head = max(((slot, head) for slot, head in zip(slots, heads) if head), key=lambda each: int(each[1][1]))
        record = slot[head.end():][:int(head[2])]
        path = os.path.join(self.folder, "record")
        with open(path, "wb") as file:
            file.write(record)

        second = self.tool(self.server, client_id=None)
        second.environment["ECOAUTH_STORE"] = "file:" + os.path.join(self.folder, "other")
        del second.environment["ECOAUTH_SERVER"]
        run = self.expect(second.run("import", "--json", path), 0, "Imported")
        line = run.object("imported")
        self.assertEqual((line["format"], line["account"], line["server"]), ("ecoauth, a record", "cabin", self.server.url))
        self.assertNotIn(CLIENT_ID, run.out + run.err)
        self.assertNotIn("Now stop", run.err)

        other = self.sandbox()
        second.environment["ECOAUTH_SERVER"] = other.url
        self.expect_failure(second.run("import", path), 2, self.server.url)
        self.assertEqual([each for each in other.log() if each["endpoint"] != "control"], [])
        sealed = record.replace(b"\nseal none\n", b"\nseal aes-256-gcm 0123456789abcdef\n")
        self.expect_failure(second.run("import", "-", data=sealed), 2, "it is sealed", "store of your own")

    def test_standard_input(self):
        tool = self.tool(self.server)
        token = self.refresh_token()
        self.expect(tool.run("import", "-", data=token.encode() + b"\n"), 0, "a refresh token alone")
        self.expect(tool.run("import", data=self.refresh_token().encode()), 0)
        self.expect(tool.run("request", "GET", "/1/thermostatSummary"), 0)

    def test_typed(self):
        tool = self.tool(self.server)
        token = self.refresh_token()
        terminal = Terminal(tool, "import")
        terminal.until("Refresh token")
        self.assertFalse(terminal.echoes())
        terminal.type(token + "\n")
        self.assertEqual(terminal.end(), 0, terminal.text)
        self.assertNotIn(token, terminal.text)

    def test_a_scope_that_was_not_asked_for_is_kept(self):
        """python-ecobee-api asks for smartWrite; a login asks for the same again."""
        tool = self.tool(self.server)
        imported = self.expect(tool.run("import", "-", data=self.refresh_token(scope="smartWrite").encode()), 0)
        self.assertNotIn("less than", imported.err + tool.run("status").out)
        self.assertIn("Authorized for smartWrite.", self.login(tool, self.server).err)
        self.expect(tool.run("request", "POST", "/1/thermostat", "--data", "{}"), 0)

    def test_client_id_is_asked_for(self):
        tool = self.tool(self.server, client_id=None)
        path = self.sample("homebridge-config.json", self.refresh_token())
        self.expect_failure(tool.run("import", path), 2, "does not hold the client id", "ECOAUTH_CLIENT_ID")
        terminal = Terminal(tool, "import", path)
        terminal.until("Client id")
        terminal.type(CLIENT_ID + "\n")
        self.assertEqual(terminal.end(), 0, terminal.text)

    def test_not_usable(self):
        tool = self.tool(self.server)
        by_password = self.sample("core.config_entries-by-password", "not-asked-for")
        self.expect_failure(tool.run("import", by_password), 2, "Home Assistant", "user name and password")
        for content in (b"", b"{", b"[]x", b'{"some": "json"}', b"\x00\x01\x02", b"two words\n", b'{"REFRESH_TOKEN": ""}', b"[[[[" * 20000):
            with self.subTest(content=content[:10]):
                self.expect_failure(tool.run("import", "-", data=content), 2, "no refresh token of a known kind")
        for content, words in ((b'{"platforms": [{"platform": "Hue"}]}', "homebridge"), (b'{"data": {"entries": [1]}}', "Home Assistant")):
            self.expect_failure(tool.run("import", "-", data=content), 2, words, "no refresh token of ecobee")
        self.expect_failure(tool.run("import", os.path.join(self.folder, "nowhere")), 2, "cannot be read")
        self.expect_failure(tool.run("import", os.devnull), 2, f'of a known kind in "{os.devnull}"')
        self.assertEqual(tool.files(), {})

    def test_interrupted_loses_nothing(self):
        """The old token is spent by then; that the next command works shows that the new one was waited for and saved."""
        tool = self.tool(self.server)
        path = self.sample("python-ecobee-api.conf", self.refresh_token())
        self.server.control("fault", name="delay", ms=2000, count=1, at="token")
        process = tool.start("import", path)
        wait_for(lambda: not self.server.state()["faults"], "the request")
        process.send_signal(signal.SIGINT)
        self.expect_failure(tool.end(process), 130, "interrupted")
        self.expect(tool.run("request", "GET", "/1/thermostatSummary"), 0)

    def test_refused_token_changes_nothing(self):
        tool = self.tool(self.server)
        self.login(tool, self.server)
        first = tool.run("token").out
        refused = self.expect_failure(tool.run("import", "-", data=b"WrongTokenWrongTokenWrongToken12"), 3)
        self.assertNotIn("WrongToken", refused.err)
        self.assertEqual(tool.run("token").out, first)
        self.expect(tool.run("refresh"), 0)


if __name__ == "__main__":
    main()
