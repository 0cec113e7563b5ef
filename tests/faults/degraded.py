"""Places where a store cannot work as it should: the error says so, the access token is served on and flagged, nothing is spent in
vain, and everything is well again when the place is."""
import os
import resource
import shutil
import subprocess

from rig import STORES, Dialogue, Section, ServerView, Store, goes_on, refreshes

FLAG_UNSAVED, FLAG_DEGRADED = 8, 16
GOOD = ("OK", "UNSAVED_BUT_USABLE")


class Place:
    """A folder that is a file system of its own."""

    def __init__(self, rig, options="size=1m"):
        self.folder = rig.new_folder("place")
        mount("-t", "tmpfs", "-o", f"{options},mode=0700", "none", self.folder)

    def read_only(self, on):
        mount("-o", f"remount,bind,{'ro' if on else 'rw'}", self.folder)

    def fill(self):
        with open(self.folder / "filler", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def clear(self):
        os.unlink(self.folder / "filler")


mounted_at = []  # in order


def mount(*words):
    if "remount" not in " ".join(map(str, words)):
        mounted_at.append(words[-1])
    done = subprocess.run(["mount", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"mount {' '.join(map(str, words))}: {done.stderr}")


class Scene:
    """One account and what is expected of it."""

    def __init__(self, section, rig, sandbox, name, kind="file", folder=None):
        self.section, self.rig, self.sandbox, self.name = section, rig, sandbox, name
        self.store = Store(rig, sandbox, kind, folder=folder)

    def check(self, holds, what):
        return self.section.check(holds, f"{self.name}: {what}")

    def prepare(self):
        self.store.prepare(["account"])
        self.sent = refreshes(self.sandbox)[1]

    def requests(self):
        return len(refreshes(self.sandbox, self.sent)[0])

    def refused(self, answer, code, *words):
        """An error that says what is wrong and what to do."""
        self.check(answer["result"] == code, f"{answer} instead of {code}")
        self.check(all(word in answer.get("message", "") for word in words), f"no {words} in {answer}")
        self.check(len(answer.get("advice", "")) > 10, f"no advice in {answer}")
        self.check(answer.get("action") in ("FIX_STORAGE", "FIX_CONFIG", "RETRY"), f"action of {answer}")
        self.check(answer["flags"] & FLAG_DEGRADED, f"not flagged: {answer}")

    def served(self, answer):
        self.check(answer["result"] in GOOD, f"not served: {answer}")

    def nothing_spent(self):
        self.check(self.requests() == 0, f"{self.requests()} refreshes were sent in vain")

    def fresh_process_works(self):
        view = ServerView(self.sandbox)
        record = self.store.record("account")
        self.check(not view.lost(record), "LOST")
        done = self.store.host(["account"], "request", "refresh", "request")
        self.check(goes_on(done.answers(), record), f"a fresh process: {done}")

    def traced(self, *words, options=()):
        return self.store.traced("account", "events=1", "begin", *words, "end", options=["--store", self.store.folder, *options])


# --- The scenes -----------------------------------------------------------------------------------------------------------


def read_only(scene, place):
    scene.prepare()
    with Dialogue(scene.store.command(["account"], "events=1")) as host:
        scene.served(host.ask("token"))
        place.read_only(True)
        scene.refused(host.ask("refresh"), *(("STORE", "EROFS") if scene.store.kind == "file" else ("CALLBACK",)))
        scene.served(host.ask("token"))
        scene.served(host.ask("request"))
        scene.nothing_spent()
        place.read_only(False)
        scene.served(host.ask("refresh"))
        answer = host.ask("status")
        scene.check(not answer["flags"] & (FLAG_DEGRADED | FLAG_UNSAVED), f"still flagged: {answer}")
    scene.fresh_process_works()
    place.read_only(True)
    started = scene.store.host(["account"], "request")
    scene.check(started.exit_code == 0, f"a process that starts with a read-only store: {started}")
    place.read_only(False)


def no_space(scene, place):
    scene.prepare()
    with Dialogue(scene.store.command(["account"])) as host:
        scene.served(host.ask("token"))
        place.fill()
        answer = host.ask("refresh")
        if scene.store.kind == "file":  # its blocks are there from the first day
            scene.served(answer)
        else:
            scene.refused(answer, "CALLBACK")
            scene.nothing_spent()
        scene.served(host.ask("token"))
        place.clear()
        scene.served(host.ask("refresh"))
    scene.fresh_process_works()


def no_space_at_first(scene, place):
    place.fill()
    with Dialogue(scene.store.command(["account"])) as host:
        scene.refused(host.ask("login"), "STORE", "ENOSPC")
        place.clear()
        scene.served(host.ask("login"))
    scene.fresh_process_works()


def size_limit(scene):
    """RLIMIT_FSIZE: a write beyond it would end the process by SIGXFSZ."""
    scene.prepare()
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # noqa: E731
    with Dialogue(scene.store.command(["account"]), before=limit) as host:
        scene.refused(host.ask("refresh"), "STORE", "EFBIG")
        scene.served(host.ask("token"))
        scene.nothing_spent()
    scene.fresh_process_works()


def broken_for_a_while(scene):
    """The disk takes the intent, fails when the new pair comes, and for a while after."""
    scene.prepare()
    ran = scene.traced("refresh", "token", "request", "saved", options=["--calls", "fdatasync", "--fail", "2-3", "--error", "EIO"])
    for did in ("refresh", "token"):
        scene.check(ran.answer(did)["result"] == "UNSAVED_BUT_USABLE" and ran.answer(did)["flags"] & FLAG_UNSAVED, f"{ran.answer(did)}")
    scene.served(ran.answer("request"))
    scene.check(any(event.get("data") for event in ran.events("UNSAVED")), "no UNSAVED event with the record")
    saved = ran.answer("saved")
    scene.check(saved["result"] == "OK" and not saved["flags"] & (FLAG_UNSAVED | FLAG_DEGRADED), f"not saved later: {saved}")
    scene.check(any(event["generation"] == 3 for event in ran.events("TOKEN")), "no TOKEN event when it was saved")
    scene.fresh_process_works()


def no_locks(scene):
    scene.prepare()
    ran = scene.traced("refresh", "token", "request", options=["--calls", "lock", "--fail", "1-0", "--error", "ENOLCK"])
    scene.refused(ran.answer("refresh"), "UNSUPPORTED", "ENOLCK", "cannot be locked")
    scene.served(ran.answer("token"))
    scene.served(ran.answer("request"))
    scene.nothing_spent()
    scene.fresh_process_works()


def network_file_system(scene, kind, magic):
    scene.prepare()
    ran = scene.traced("refresh", "token", "request", options=["--calls", "statfs", "--fail", "1-0", "--error", f"type={magic:#x}"])
    scene.refused(ran.answer("refresh"), "UNSUPPORTED", kind)
    scene.served(ran.answer("token"))
    scene.served(ran.answer("request"))
    scene.nothing_spent()
    scene.fresh_process_works()


def single_file_mount(scene):
    """As containers are given one file: it cannot be replaced, and its folder cannot be written."""
    scene.prepare()
    real = next(scene.store.folder.glob("*.ecoauth"))
    inside = Place(scene.rig)
    target = inside.folder / real.name
    target.touch(0o600)
    mount("--bind", real, target)
    inside.read_only(True)
    mounted = Scene(scene.section, scene.rig, scene.sandbox, scene.name, folder=inside.folder)
    for _ in range(2):
        mounted.fresh_process_works()
    scene.check(scene.store.record("account").data == mounted.store.record("account").data, "the mounted file is another one")


def overlay(scene):
    """The record is in a lower layer: the first write makes it another file."""
    scene.prepare()
    place = Place(scene.rig)
    for name in ("upper", "work", "merged"):
        (place.folder / name).mkdir(mode=0o700)
    merged = place.folder / "merged"
    mount("-t", "overlay", "-o", f"lowerdir={scene.store.folder},upperdir={place.folder / 'upper'},workdir={place.folder / 'work'}", "none", merged)
    upon = Scene(scene.section, scene.rig, scene.sandbox, scene.name, folder=merged)
    for _ in range(2):
        upon.fresh_process_works()


def deleted(scene):
    """Somebody removes the file, then the whole folder, under a running program."""
    scene.prepare()
    with Dialogue(scene.store.command(["account"])) as host:
        scene.served(host.ask("token"))
        os.unlink(next(scene.store.folder.glob("*.ecoauth")))
        scene.served(host.ask("refresh"))
        scene.fresh_process_works()
        scene.served(host.ask("refresh"))
        shutil.rmtree(scene.store.folder)
        scene.served(host.ask("refresh"))
    scene.fresh_process_works()


def unmount_all():
    while mounted_at:
        subprocess.run(["umount", "--lazy", mounted_at.pop()], check=False)


def run(rig):
    try:
        return play_all(rig)
    finally:
        unmount_all()


def play_all(rig):
    section = Section("degraded", "Stores that cannot work as they should")
    may_mount = bool(os.environ.get("ECOAUTH_FAULTS_MOUNTS"))
    names = []
    with rig.sandbox("--refresh-policy", "strict-family") as sandbox:
        def scene(name, play, *arguments, kind="file", place=None):
            names.append(name)
            play(Scene(section, rig, sandbox, name, kind, place.folder if place else None), *([place] if place else []), *arguments)

        scene("size limit of files", size_limit)
        scene("disk broken for a while", broken_for_a_while)
        scene("no locks", no_locks)
        for kind, magic in (("NFS", 0x6969), ("SMB", 0xff534d42), ("SMB", 0xfe534d42), ("FUSE", 0x65735546), ("9p", 0x01021997)):
            scene(f"network file system {kind} ({magic:#x})", network_file_system, kind, magic)
        scene("file and folder deleted", deleted)
        if may_mount:
            for kind in STORES:
                scene(f"read-only file system, {kind}", read_only, kind=kind, place=Place(rig))
                scene(f"no space left, {kind}", no_space, kind=kind, place=Place(rig))
            scene("no space at the first login", no_space_at_first, place=Place(rig, "size=192k"))
            scene("single-file bind mount in a read-only folder", single_file_mount)
            scene("overlay", overlay)
    if not may_mount:
        section.tell("NOT RUN, since this user may not mount: read-only file system, no space left, bind mount, overlay.")
    section.tell(f"{len(names)} scenes, policy strict-family. In each the error named the cause and what to do, the living access token was "
                 "served, no refresh token was spent in vain, and a fresh process went on from the disk:")
    section.tell()
    for name in names:
        section.tell(f"- {name}")
    return section
