"""Sealed tokens with the tool: keys from files, credentials of systemd and descriptors; plain tokens that become sealed, new keys,
and keys that are wrong, missing or known to others. Nothing is ever saved in plain, and nothing is lost."""
import base64
import os
import re
import struct
import subprocess
import unittest

from harness import CLIENT_ID, SHORT_LIVED, Case, main

ROOT = os.geteuid() == 0
NOBODY = 65534
COMMANDS = (("token",), ("refresh",), ("request", "GET", "/1/thermostat"), ("status",), ("login",), ("logout",))
SECRET_LINE = rb"(?m)^(?:client-id|grant\.access-token|grant\.candidate|pending\.code) (\S+)$"


def new_key():
    return os.urandom(32).hex() + "\n"


class SealCase(Case):
    def key_file(self, *keys, name="key", mode=0o400):
        path = os.path.join(self.folder, name)
        if os.path.lexists(path):
            os.unlink(path)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write("".join(keys or [new_key()]))
        os.chmod(path, mode)
        return path

    def key_ids(self, tool):
        return {found.decode() for data in tool.files().values() for found in re.findall(rb"(?m)^seal aes-256-gcm (\w+)$", data)}

    def secrets(self, tool):
        return {found for data in tool.files().values() for found in re.findall(SECRET_LINE, data)}

    def expect_sealed(self, tool, secrets):
        """Nothing of what was there in plain, and a seal in every slot that is used."""
        for data in tool.files().values():
            for secret in secrets | {CLIENT_ID.encode()}:
                self.assertNotIn(secret, data)
            self.assertNotIn(b"\nseal none\n", data)

    def refused(self, sandbox, tool, arguments, *words, commands=COMMANDS, **options):
        """No command works, each says what is wrong; no byte changes, and the server hears nothing."""
        before, heard = tool.files(), len(sandbox.log())
        for command in commands:
            for flags in ((), ("--json",)):
                run = self.expect_failure(tool.run(*command, *arguments, *flags, **options), 7, *words)
            self.assertEqual(run.object("error")["exit_code"], 7)
            self.assertEqual(tool.files(), before)
        asked = [each["path"] for each in sandbox.log()[heard:] if not each["path"].startswith("/sandbox/")]
        self.assertEqual(asked, [])


class Files(SealCase):
    def test_a_life_under_seal(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        seal = ("--seal", "file:" + self.key_file())
        self.login(tool, sandbox, *seal)
        access = self.expect(tool.run("token", *seal), 0).out.strip()
        self.expect_sealed(tool, {access.encode()})
        self.expect(tool.run("refresh", *seal), 0)
        self.assertNotEqual(self.expect(tool.run("token", *seal), 0).out.strip(), access)
        self.expect_sealed(tool, {access.encode()})
        self.assertIn("sealed: aes-256-gcm", self.expect(tool.run("status", *seal), 0).out)
        status = self.expect(tool.run("status", "--json", *seal), 0).object("status")
        self.assertEqual((status["state"], status["seal"]), ("ACTIVE", "aes-256-gcm"))
        tool.environment["ECOAUTH_SEAL"] = seal[1]
        self.expect(tool.run("request", "GET", "/1/thermostat?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22"
                             "%2C%22selectionMatch%22%3A%22%22%7D%7D"), 0)
        self.expect(tool.run("logout"), 0)
        self.expect(tool.run("status"), 3)
        self.assertEqual(self.secrets(tool), set())

    def test_no_output_shows_the_key(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        old, new = new_key(), new_key()
        seal = ("-vv", "--seal", "file:" + self.key_file(old))
        self.login(tool, sandbox, *seal)
        self.expect(tool.run("refresh", *seal), 0)
        self.key_file(new, old)
        self.expect(tool.run("token", *seal), 0, "sealed with the key")
        self.key_file(new_key() + new[:-3])  # almost one
        tool.run("token", *seal)
        for run in tool.runs:
            for key in (old.strip(), new.strip(), new[:-3]):
                for spelling in (key, key.upper(), base64.b64encode(bytes.fromhex(key[:60])).decode()):
                    self.assertNotIn(spelling[:40], run.out + run.err)

    def test_plain_tokens_become_sealed(self):
        sandbox = self.sandbox(*SHORT_LIVED)
        tool = self.tool(sandbox)
        self.login(tool, sandbox)
        self.expect(tool.run("refresh"), 0)
        access = tool.run("token").out
        secrets = self.secrets(tool)
        self.assertGreaterEqual(len(secrets), 4, secrets)
        seal = ("--seal", "file:" + self.key_file())
        status = self.expect(tool.run("status", "--json", *seal), 0).object("status")
        self.assertEqual(status["seal"], "none")  # as it is, not as it will be
        self.assertEqual(self.secrets(tool), secrets)
        heard = len(sandbox.log())
        self.assertEqual(self.expect(tool.run("token", *seal), 0).out, access)
        self.expect_sealed(tool, secrets)
        self.assertEqual([each["path"] for each in sandbox.log()[heard:] if "sandbox" not in each["path"]], [])
        self.assertEqual(self.expect(tool.run("token", *seal), 0).out, access)
        self.expect(tool.run("refresh", *seal), 0)
        self.refused(sandbox, tool, (), "no key was given", "--seal")

    def test_a_new_key(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        old, new = new_key(), new_key()
        key = self.key_file(old)
        seal = ("--seal", "file:" + key)
        self.login(tool, sandbox, *seal)
        old_id, = self.key_ids(tool)
        access = self.expect(tool.run("token", *seal), 0).out
        self.key_file(new, old)
        self.assertEqual(self.expect(tool.run("token", *seal), 0).out, access)
        new_id, = self.key_ids(tool)
        self.assertNotEqual(new_id, old_id)
        self.key_file(new)
        self.assertEqual(self.expect(tool.run("token", *seal), 0).out, access)
        self.key_file(old)
        self.refused(sandbox, tool, seal, new_id, "left untouched")
        self.key_file(new)
        self.expect(tool.run("refresh", *seal), 0)

    def test_keys_that_are_none(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        good = new_key()
        key = self.key_file(good)
        seal = ("--seal", "file:" + key)
        self.login(tool, sandbox, *seal)
        access = tool.run("token", *seal).out
        for content, words in (("", "empty"), ("secret\n", "64 hex digits"), (good[:-2], "64 hex digits"), ("0" * 64, "all the same")):
            with self.subTest(content=content):
                self.key_file(content)
                self.refused(sandbox, tool, seal, "no usable key", words, "openssl rand -hex 32", commands=COMMANDS[:2])
        self.key_file(new_key())
        self.refused(sandbox, tool, seal, "is not in", "left untouched")
        os.unlink(key)
        self.refused(sandbox, tool, seal, "is not there", key)
        self.key_file(good)
        self.assertEqual(self.expect(tool.run("token", *seal), 0).out, access)

    def test_a_key_that_others_know(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        folder = os.path.join(self.folder, "keys")
        os.mkdir(folder, 0o700)
        key = self.key_file(name="keys/key")
        seal = ("--seal", "file:" + key)
        self.login(tool, sandbox, *seal)
        two = COMMANDS[:2]
        for mode in (0o404, 0o640, 0o622):
            os.chmod(key, mode)
            self.refused(sandbox, tool, seal, "open to other users", "chmod 400", commands=two)
        os.chmod(key, 0o400)
        os.chmod(folder, 0o777)
        self.refused(sandbox, tool, seal, "other users can replace it", commands=two)
        os.chmod(folder, 0o700)
        os.symlink(key, os.path.join(folder, "link"))
        self.refused(sandbox, tool, ("--seal", "file:" + os.path.join(folder, "link")), "symbolic link", commands=two)
        self.expect(tool.run("token", *seal), 0)

    def test_without_a_key_no_login_is_saved(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        self.expect_failure(tool.run("login", "--seal", "file:" + os.path.join(self.folder, "none")), 7, "is not there")
        self.assertEqual(self.secrets(tool), set())
        self.expect(tool.run("status"), 3)

    def test_sources_that_are_not_understood(self):
        tool = self.tool()
        for source in ("key", "file:", "fd:", "fd:x", "fd:-1", "credential:", "secret-service:", "keyring:x", "FILE:/key"):
            self.expect_failure(tool.run("status", "--seal", source), 2, "file:/path/to/key")
        self.expect_failure(tool.run("status", "--seal", "credential:../x"), 2, "not the name of a credential")
        self.expect(tool.run("status", "--seal", "none"), 3)


class Descriptors(SealCase):
    def setUp(self):
        super().setUp()
        self.server = self.sandbox(*SHORT_LIVED)
        self.tool_ = self.tool(self.server)

    def pipe_with(self, text):
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        return reading

    def test_a_pipe_and_a_file(self):
        tool, key = self.tool_, new_key()
        path = self.key_file(key)
        self.login(tool, self.server, "--seal", "file:" + path)
        for number in (self.pipe_with(key), os.open(path, os.O_RDONLY)):
            for _ in range(2 if os.path.isfile(f"/proc/self/fd/{number}") else 1):
                run = tool.run("refresh", "--seal", f"fd:{number}", pass_fds=[number])
                self.expect(run, 0)
            os.close(number)

    def test_a_login_over_a_grant(self):
        """Of a pipe the key comes once. The scope of the grant is asked for all the same, where that takes no second look."""
        tool, key = self.tool_, new_key()
        path = self.key_file(key)
        def login(number):
            process = tool.start("login", "--seal", f"fd:{number}", pass_fds=[number])
            self.server.control("approve", pin=tool.read_pin(process))
            return self.expect(tool.end(process), 0)
        self.assertIn("Authorized for smartRead.", login(self.pipe_with(key)).err)
        self.login(tool, self.server, "--scope", "smartWrite", "--seal", "file:" + path)
        self.assertIn("Authorized for smartWrite.", login(os.open(path, os.O_RDONLY)).err)
        narrower = login(self.pipe_with(key)).err
        self.assertIn("use --scope smartWrite", narrower)
        self.assertIn("Authorized for smartRead.", narrower)

    def test_one_that_is_not_open_or_holds_no_key(self):
        tool = self.tool_
        self.expect_failure(tool.run("login", "--seal", "fd:77"), 7, "not open", "fd:3 3<")
        number = self.pipe_with("nothing of use")
        self.expect_failure(tool.run("login", "--seal", f"fd:{number}", pass_fds=[number]), 7, "no usable key")
        os.close(number)
        self.assertEqual(self.secrets(tool), set())


def access_list(user):
    """An access list (acl(5)) in the kernel's spelling: its owner and `user` may read, nobody else."""
    owner, named, group, mask, other, nobody = 1, 2, 4, 16, 32, 0xffffffff
    entries = [(owner, 4, nobody), (named, 4, user), (group, 0, nobody), (mask, 4, nobody), (other, 0, nobody)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


class Credentials(SealCase):
    """As systemd hands them to a service. They are encrypted and decrypted by its own program, with a host key of this test."""

    def credential(self, name="ecoauth-key"):
        folder = os.path.join(self.folder, "credentials")
        os.mkdir(folder, 0o700)
        environment = {**os.environ, "SYSTEMD_CREDENTIAL_SECRET": os.path.join(self.folder, "host.key")}
        encrypted, decrypted = os.path.join(self.folder, name + ".cred"), os.path.join(folder, name)
        for command, data in ((["encrypt", "--with-key=host", f"--name={name}", "-", encrypted], os.urandom(32)),
                              (["decrypt", f"--name={name}", encrypted, decrypted], None)):
            subprocess.run(["systemd-creds", *command], input=data, env=environment, check=True, capture_output=True)
        with open(encrypted, "rb") as file:
            self.assertGreater(len(file.read()), 100)
        os.chmod(decrypted, 0o400)
        os.chmod(folder, 0o500)
        self.addCleanup(os.chmod, folder, 0o700)
        return folder

    def test_a_credential(self):
        sandbox = self.sandbox()
        tool = self.tool(sandbox)
        tool.environment["CREDENTIALS_DIRECTORY"] = self.credential()
        seal = ("--seal", "credential:ecoauth-key")
        self.login(tool, sandbox, *seal)
        self.expect(tool.run("refresh", *seal), 0)
        access = self.expect(tool.run("token", *seal), 0).out.strip()
        self.expect_sealed(tool, {access.encode()})
        self.refused(sandbox, tool, ("--seal", "credential:other"), "is not there")
        del tool.environment["CREDENTIALS_DIRECTORY"]
        self.refused(sandbox, tool, seal, "CREDENTIALS_DIRECTORY is not set", "LoadCredentialEncrypted=ecoauth-key")

    @unittest.skipUnless(ROOT, "needs root: another user")
    def test_a_credential_of_a_service_that_is_not_root(self):
        """root's file and folder, which an access list lets the service's user read."""
        sandbox = self.sandbox()
        folder = self.credential()
        self.assertEqual(os.stat(folder).st_uid, 0)
        for path in (folder, os.path.join(folder, "ecoauth-key")):
            rights = access_list(NOBODY)
            if os.path.isdir(path):
                rights = rights.replace(struct.pack("<HH", 2, 4), struct.pack("<HH", 2, 5)).replace(
                    struct.pack("<HH", 16, 4), struct.pack("<HH", 16, 5)).replace(struct.pack("<HH", 1, 4), struct.pack("<HH", 1, 5))
            os.setxattr(path, "system.posix_acl_access", rights)
        self.assertEqual(os.stat(os.path.join(folder, "ecoauth-key")).st_mode & 0o777, 0o440)
        os.chmod(self.folder, 0o755)
        state = os.path.join(self.folder, "state")
        os.mkdir(state, 0o700)
        os.chown(state, NOBODY, NOBODY)
        tool = self.tool(sandbox)
        tool.prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        tool.environment["CREDENTIALS_DIRECTORY"] = folder
        seal = ("--seal", "credential:ecoauth-key")
        self.login(tool, sandbox, *seal)
        self.expect(tool.run("refresh", *seal), 0)
        # Beyond that user it must stay closed.
        os.chmod(os.path.join(folder, "ecoauth-key"), 0o444)
        self.refused(sandbox, tool, seal, "open to other users", commands=COMMANDS[:2])


if __name__ == "__main__":
    main()
