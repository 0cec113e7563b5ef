"""ecoauth accounts: all of them, each with its state, whatever it is."""
import os

from harness import CLIENT_ID, OTHER_CLIENT_ID, Case, main


class Accounts(Case):
    def accounts(self, tool, *arguments, exit_code=0):
        return {line["account"]: line for line in self.expect(tool.run("accounts", "--json", *arguments), exit_code).objects()}

    def test_none(self):
        tool = self.tool(self.sandbox())
        run = self.expect(tool.run("accounts"), 0, "No account is stored", "ecoauth login")
        self.assertEqual(run.out, "")
        self.assertEqual(self.accounts(tool), {})
        self.assertFalse(os.path.exists(tool.store))

    def test_several(self):
        sandbox, other = self.sandbox(), self.sandbox()
        tool = self.tool(sandbox)
        for name in ("default", "cabin", "h\u00fctte"):
            self.login(tool, sandbox, "--account", name)
        self.login(tool, other, "--account", "elsewhere", "--server", other.url)
        waiting = tool.start("login", "--account", "waiting")
        tool.read_pin(waiting)
        waiting.terminate()
        tool.end(waiting)
        tool.environment["ECOAUTH_CLIENT_ID"] = OTHER_CLIENT_ID
        self.login(tool, sandbox, "--account", "other key")
        tool.environment["ECOAUTH_CLIENT_ID"] = CLIENT_ID
        self.expect(tool.run("logout", "--account", "cabin"), 0)
        found = self.accounts(tool)
        self.assertEqual(set(found), {"default", "h\u00fctte", "waiting"})
        self.assertEqual([found[name]["state"] for name in ("default", "h\u00fctte", "waiting")], ["ACTIVE", "ACTIVE", "NONE"])
        self.assertGreater(found["default"]["token_valid_ms"], 0)
        self.assertGreater(found["waiting"]["pin_valid_ms"], 0)
        self.assertEqual(set(self.accounts(tool, "--server", other.url)), {"elsewhere"})
        del tool.environment["ECOAUTH_CLIENT_ID"]
        self.assertEqual(set(self.accounts(tool)), {"default", "h\u00fctte", "waiting", "other key"})
        lines = self.expect(tool.run("accounts"), 0).out.splitlines()
        self.assertEqual(len(lines), 5)
        columns = [lines[0].index(word) for word in ("GRANT", "ACCESS TOKEN", "SCOPE")]
        for line in lines[1:]:
            for column in columns:
                self.assertEqual(line[column - 1], " ")
        self.assertNotIn(CLIENT_ID, "".join(lines))


if __name__ == "__main__":
    main()
