"""What becomes of a used refresh token: the seven readings, each as a script of steps, and requests at the same time."""
import hashlib
import threading

from sandbox_case import FROZEN, INVALID_GRANT, Case, main, new_client_id

# Steps of a script:  "R1 -> R2"  R1 brings a new refresh token, which is called R2 from now on
#                     "R1 -> R1"  R1 brings itself again          "R1 -> R2 again"  the very answer that brought R2
#                     "R1 -> no"  invalid_grant                   a number          so many seconds pass
# After every step that brings tokens, the access token it brought is good.
SCRIPTS = {
    "reusable": ["R1 -> R1", "R1 -> R1", 100000, "R1 -> R1"],
    "strict": ["R1 -> R2", "R1 -> no", "R2 -> R3", "R2 -> no", "R1 -> no", "R3 -> R4"],
    "strict-family": ["R1 -> R2", "R2 -> R3", "R1 -> no", "R3 -> no", "ended"],
    "grace": ["R1 -> R2", 29, "R1 -> R3", "R2 -> R4", "R3 -> R5", 1, "R1 -> no", "R2 -> R6", "R4 -> R7", "R5 -> R8"],
    "grace-last": ["R1 -> R2", "R1 -> R3", "R2 -> no", "R3 -> R4", 29, "R1 -> R5", "R4 -> no", "R3 -> no", 1, "R1 -> no",
                   "R5 -> R6"],
    "until-used": ["R1 -> R2", 100000, "R1 -> R3", "R3 -> R4", "R1 -> no", "R2 -> R5", "R4 -> R6", "R3 -> no"],
    "idempotent": ["R1 -> R2", "R1 -> R2 again", 29, "R1 -> R2 again", "R2 -> R3", "R1 -> R2 again", 1, "R1 -> no",
                   "R3 -> R4"],
}


class Policies(Case):
    def play(self, script):
        self.client_id = new_client_id()
        grant = self.login()
        tokens, answers = {"R1": grant.refresh}, {}
        for step in script:
            if isinstance(step, int):
                self.sandbox.advance(step)
                continue
            if step == "ended":
                self.expect_api(self.api(grant.access), 14)
                client = "#" + hashlib.sha256(self.client_id.encode()).hexdigest()[:8]
                state, = [each["state"] for each in self.sandbox.state()["grants"] if each["client"] == client]
                self.assertEqual(state, "ended by a replay")
                continue
            shown, brought = step.split(" -> ")
            answer = self.refresh(tokens[shown])
            with self.subTest(step=step):
                if brought == "no":
                    self.expect_error(answer, *INVALID_GRANT)
                    continue
                grant.take(answer)
                if brought.endswith(" again"):
                    self.assertEqual(grant.answer, answers[brought.split()[0]])
                    continue
                if brought not in tokens:
                    self.assertNotIn(grant.refresh, tokens.values())
                    tokens[brought] = grant.refresh
                self.assertEqual(grant.refresh, tokens[brought])
                self.assertNotIn(grant.access, [each["access_token"] for each in answers.values()])
                self.expect_api(self.api(grant.access), 0)
                answers[brought] = grant.answer

    def test_by_control(self):
        for policy, script in SCRIPTS.items():
            with self.subTest(policy=policy):
                told = self.sandbox.control("policy", refresh=policy, grace_s=30)
                self.assertEqual((told["refresh"], told["grace_s"]), (policy, 30))
                self.play(script)

    def test_by_option(self):
        for policy, script in SCRIPTS.items():
            with self.subTest(policy=policy):
                self.sandbox = self.new_sandbox(*FROZEN, "--profile", "legacy", "--refresh-policy", policy)
                self.play(script)

    def test_defaults(self):
        for profile, policy in (("current", "reusable"), ("legacy", "strict")):
            self.sandbox = self.new_sandbox(*FROZEN, "--profile", profile)
            self.assertEqual(self.sandbox.state()["refresh"], policy)
            self.play(SCRIPTS[policy])

    def test_grace_is_adjustable(self):
        self.sandbox = self.new_sandbox(*FROZEN, "--refresh-policy", "grace", "--grace", 100)
        self.play(["R1 -> R2", 99, "R1 -> R3", 1, "R1 -> no"])
        self.sandbox.control("policy", grace_s=10)
        self.play(["R1 -> R2", 9, "R1 -> R3", 1, "R1 -> no"])


class AtTheSameTime(Case):
    ARGUMENTS = (*FROZEN, "--profile", "legacy")

    def together(self, call, count=4):
        """The answers of `count` calls made as nearly at once as threads can."""
        answers, barrier = [], threading.Barrier(count)

        def one():
            barrier.wait()
            answers.append(call())

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def test_one_refresh_wins(self):
        grant = self.login()
        for _ in range(10):
            answers = self.together(lambda: self.refresh(grant.refresh))
            won = [answer for answer in answers if answer.status == 200]
            self.assertEqual(len(won), 1, answers)
            for lost in answers:
                if lost is not won[0]:
                    self.expect_error(lost, *INVALID_GRANT)
            grant.take(won[0])

    def test_one_exchange_wins(self):
        for _ in range(10):
            pending = self.start_pin()
            self.sandbox.control("approve", pin=pending["ecobeePin"])
            answers = self.together(lambda: self.exchange(pending["code"]))
            self.assertEqual(sorted(answer.status for answer in answers), [200, 400, 400, 400])

    def test_pins_differ(self):
        """The legacy PIN is short: those that wait at the same time must still be different ones."""
        pins = [pending["ecobeePin"] for _ in range(20) for pending in self.together(self.start_pin)]
        self.assertEqual(len(set(pins)), 80)


if __name__ == "__main__":
    main()
