"""protocol.md 6: what the thermostat API thinks of a token, in both generations."""
from profiles import CurrentProfile, LegacyProfile
from sandbox_case import INVALID_GRANT, main, new_client_id


class Api:
    def test_api(self):
        grant = self.login("smartRead")
        summary = self.expect_api(self.api(grant.access), 0)
        self.assertEqual(summary["thermostatCount"], len(summary["revisionList"]))
        self.assertEqual(summary["revisionList"][0].count(":"), 6)
        listed = self.expect_api(self.api(grant.access, path="/1/thermostat?format=json&body=%7B%7D"), 0)
        self.assertEqual(listed["thermostatList"][0]["identifier"], summary["revisionList"][0].split(":")[0])
        self.assertEqual(listed["page"]["total"], 1)

    def test_api_refuses(self):
        grant = self.login("smartRead")
        with self.subTest("no token"):
            self.expect_api(self.sandbox.request("GET", "/1/thermostatSummary"), 1)
        for header in ("", "Bearer", "Bearer ", "Bearer x", "bearer " + grant.access, "Basic " + grant.access,
                       grant.access, "Bearer " + grant.refresh, "Bearer " + grant.access + "x"):
            with self.subTest(header=header[:12]):
                answer = self.sandbox.request("GET", "/1/thermostat", headers={"Authorization": header})
                self.expect_api(answer, 1)
        with self.subTest("writing with a reading scope"):
            value = self.expect_api(self.api(grant.access, "POST", "/1/thermostat"), 2)
            self.assertNotIn("revoked", value["status"]["message"])
        with self.subTest("writing with a writing scope"):
            self.expect_api(self.api(self.login("smartWrite").access, "POST", "/1/thermostat"), 0)
        with self.subTest("unknown method"):
            self.expect_api(self.api(grant.access, "DELETE", "/1/thermostat"), 3)

    def test_api_token_expires(self):
        grant = self.login()
        self.sandbox.advance(self.EXPIRES_IN - 1)
        self.expect_api(self.api(grant.access), 0)
        self.sandbox.advance(1)
        value = self.expect_api(self.api(grant.access), 14)
        self.assertEqual(value["status"]["message"], "Authentication token has expired. Refresh your tokens.")

    def test_api_after_removal(self):
        grant, other = self.login(), self.login(client_id=new_client_id())
        self.assertEqual(self.sandbox.control("revoke", client_id=self.client_id), {"revoked": 1})
        self.expect_api(self.api(grant.access), 16)
        self.expect_error(self.refresh(grant.refresh), *INVALID_GRANT)
        self.expect_api(self.api(other.access), 0)
        self.expect_api(self.api(self.login().access), 0)  # authorized anew

    def test_api_after_ecobee_revoked(self):
        grant = self.login()
        self.sandbox.control("revoke", client_id=self.client_id, by="ecobee")
        value = self.expect_api(self.api(grant.access), 2)
        self.assertEqual(value["status"]["message"], "Not authorized. Application has been revoked.")
        self.expect_error(self.refresh(grant.refresh), 401, "invalid_client")
        self.expect_error(self.authorize(), 401, "invalid_client")


class CurrentApi(Api, CurrentProfile):
    pass


class LegacyApi(Api, LegacyProfile):
    pass


if __name__ == "__main__":
    main()
