# SPDX-License-Identifier: GPL-2.0-only
"""fetch, fetch-qemu, setup, install, clean, test: what they say and do, with faked programs."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
MAKEFILE = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = {}\n"


class Case(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        self.calls = self.place / "calls"
        self.bin = self.place / "bin"
        self.bin.mkdir()
        self.env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.place),
                    "CALLS": str(self.calls), "LC_ALL": "C.UTF-8"}
        self.cache = self.place / ".cache/guest-stage"

    def fake(self, name, script):
        """A program that writes down how it was called, then does as @script says."""
        program = self.bin / name
        program.write_text(f'#!/bin/bash\necho "{name} $*" >>"$CALLS"\n{script}\n')
        program.chmod(0o755)

    def called(self):
        return self.calls.read_text() if self.calls.exists() else ""

    def run_program(self, program, *words, **env):
        return subprocess.run([program, *words], env={**self.env, **env}, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def says(self, words, done, code=1):
        self.assertIn(words, done.stderr)
        self.assertEqual(done.returncode, code, done.stderr)

    def tarball(self, path, sublevel=117, makefile=None):
        top = self.place / "top/linux-source-6.12"
        top.mkdir(parents=True, exist_ok=True)
        (top / "Makefile").write_text(makefile or MAKEFILE.format(sublevel))
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-cJf", path, "-C", self.place / "top", top.name], check=True)
        return path


class Fetch(Case):
    NAME = "linux-source-6.12_6.12.117-1"

    def fetch(self, **env):
        return self.run_program(SCRIPTS / "fetch", **env)

    def package(self):
        """A .deb to download, and an apt-get that offers it."""
        root = self.place / "deb"
        self.tarball(root / "usr/src/linux-source-6.12.tar.xz")
        (root / "DEBIAN").mkdir()
        (root / "DEBIAN/control").write_text("Package: linux-source-6.12\nVersion: 6.12.117-1\n"
                                             "Architecture: all\nMaintainer: x\nDescription: x\n")
        deb = self.place / f"{self.NAME}_all.deb"
        subprocess.run(["dpkg-deb", "-b", root, deb], check=True, stdout=subprocess.DEVNULL)
        self.offer(deb, hashlib.sha256(deb.read_bytes()).hexdigest())

    def offer(self, deb, digest):
        self.fake("apt-get", f"""case "$*" in
*--print-uris*) echo "'mirror/x' {deb.name} 1 SHA256:{digest}" ;;
*) cp {deb} . ;;
esac""")

    def test_download_then_cache(self):
        self.package()
        done = self.fetch()
        wanted = f"{self.cache}/{self.NAME}.tar.xz\n" \
            "Linux 6.12.117 from linux-source-6.12 6.12.117-1\n"
        self.assertEqual(done.stdout, wanted, done.stderr)
        self.assertIn("downloading", done.stderr)
        self.calls.unlink()
        self.assertEqual(self.fetch().stdout, wanted)
        self.assertNotIn("apt-get -o", self.called())

    def test_damaged_cache_is_replaced(self):
        self.package()
        self.fetch()
        (self.cache / f"{self.NAME}.tar.xz").write_text("damaged")
        self.assertIn("downloading", self.fetch().stderr)
        self.assertGreater((self.cache / f"{self.NAME}.tar.xz").stat().st_size, 20)

    def test_offline_uses_the_cache(self):
        self.package()
        self.fetch()
        self.fake("apt-get", "exit 100")
        done = self.fetch()
        self.assertIn("using the copy in the cache", done.stderr)
        self.assertEqual(done.returncode, 0)

    def test_offline_without_cache(self):
        self.fake("apt-get", "exit 100")
        self.says("apt knows no package linux-source-6.12", self.fetch())

    def test_failed_download_leaves_nothing(self):
        self.package()
        self.fake("apt-get", "case \"$*\" in *--print-uris*) "
                  f"echo \"'m' {self.NAME}_all.deb 1 SHA256:0\" ;; *) exit 100 ;; esac")
        self.says("could not download", self.fetch())
        self.assertEqual(list(self.cache.iterdir()), [])

    def test_wrong_package(self):
        self.package()
        self.offer(self.place / f"{self.NAME}_all.deb", "0" * 64)
        self.says("is not what apt's list promises", self.fetch())
        self.assertEqual(list(self.cache.iterdir()), [])

    def test_version_that_was_not_tried(self):
        given = self.tarball(self.place / "x.tar.xz", sublevel=3)
        done = self.fetch(LINUX_TARBALL=str(given))
        self.assertEqual(done.stdout, f"{given}\nLinux 6.12.3 from x.tar.xz\n")
        self.assertIn("not among the versions tried", done.stderr)

    def test_given_tarball_that_is_none(self):
        self.says("is no file", self.fetch(LINUX_TARBALL="/nonexistent"))
        self.says("is no file", self.fetch(LINUX_TARBALL=str(self.place)))
        junk = self.place / "junk"
        junk.write_text("junk")
        self.says("is not a whole tar archive", self.fetch(LINUX_TARBALL=str(junk)))

    def test_given_tarball_cut_short(self):
        given = self.tarball(self.place / "x.tar.xz")
        given.write_bytes(given.read_bytes()[:-30])
        self.says("is not a whole tar archive", self.fetch(LINUX_TARBALL=str(given)))

    def test_given_tarball_of_another_kernel(self):
        other = MAKEFILE.format(1).replace("12", "1")
        given = self.tarball(self.place / "x.tar.xz", makefile=other)
        self.says("is Linux 6.1.1, and the series is for 6.12",
                  self.fetch(LINUX_TARBALL=str(given)))

    def test_given_tarball_of_something_else(self):
        given = self.tarball(self.place / "x.tar.xz", makefile="all:\n")
        self.says("holds no kernel source", self.fetch(LINUX_TARBALL=str(given)))

    def test_usage(self):
        self.assertEqual(self.run_program(SCRIPTS / "fetch", "x").returncode, 2)


class FetchQemu(Case):
    """On a mirror that lists three versions and has the files of those in "has"."""

    def setUp(self):
        super().setUp()
        self.fake("apt-cache", "for v in 1:7.2+dfsg-7 1:10.0.2+ds-2 1:10.0.13+ds-0 1:11.0+ds-1; "
                  "do echo \"Version: $v\"; done")
        self.fake("dpkg-source", 'mkdir "${@: -1}"; echo 10.0.9 >"${@: -1}/VERSION"')
        self.mirror("1:10.0.2+ds-2", "1:10.0.13+ds-0")

    def mirror(self, *has):
        self.fake("apt-get", f"""case "$*" in
*indextargets*) echo mirror/debian/ ;;
*source*) for version in {' '.join(has)}; do
	if [ "qemu=$version" = "${{@: -1}}" ]; then touch x.dsc; exit; fi
done; exit 100 ;;
esac""")

    def fetch(self, **env):
        return self.run_program(SCRIPTS / "fetch-qemu", **env)

    def test_the_newest_of_the_series(self):
        done = self.fetch()
        self.assertEqual(done.stdout, f"{self.cache}/qemu_10.0.13+ds-0.tar.gz\n"
                         "QEMU 10.0.13 from qemu 10.0.13+ds-0\n", done.stderr)
        self.calls.unlink()
        self.assertEqual(self.fetch().stdout, done.stdout)
        self.assertNotIn("dpkg-source", self.called())

    def test_a_version_without_files_is_passed_over(self):
        self.mirror("1:10.0.2+ds-2")
        self.assertIn("QEMU 10.0.2 from", self.fetch().stdout)

    def test_offline(self):
        self.fetch()
        self.fake("apt-get", "exit 100")
        self.fake("apt-cache", "exit 100")
        done = self.fetch()
        self.assertIn("using the copy in the cache", done.stderr)
        self.assertIn("QEMU 10.0.13 from", done.stdout)

    def test_nothing_to_be_had(self):
        self.mirror()
        self.says("is not to be had: check the network", self.fetch())
        self.assertEqual(list(self.cache.iterdir()), [])

    def test_damaged_cache_is_replaced(self):
        self.fetch()
        kept = self.cache / "qemu_10.0.13+ds-0.tar.gz"
        kept.write_text("damaged")
        self.fetch()
        self.assertGreater(kept.stat().st_size, 20)

    def test_given_tarball(self):
        self.fetch()
        given = self.cache / "qemu_10.0.13+ds-0.tar.gz"
        done = self.fetch(QEMU_TARBALL=str(given))
        self.assertEqual(done.stdout, f"{given}\nQEMU 10.0.9 from {given.name}\n")
        self.assertIn("not among the versions tried", done.stderr)
        self.says("is no file", self.fetch(QEMU_TARBALL="/nonexistent"))
        self.says("is QEMU without a VERSION",
                  self.fetch(QEMU_TARBALL=str(self.tarball(self.place / "x.tar.xz"))))


class Setup(Case):
    """On a faked machine; "have" lists the packages that are installed."""

    def setUp(self):
        super().setUp()
        self.have = self.place / "have"
        self.have.write_text("")
        self.machine()
        self.fake("id", "echo ${FAKE_UID:-0}")
        self.fake("dpkg-query", f"""for asked; do while read -r name version; do
	if [ "$name" = "$asked" ]; then echo "$name installed $version"; fi
done <{self.have}; done; exit 1""")
        self.fake("apt-get", f"""case "$*" in
*indextargets*) [ -e {self.place}/lists ] && echo mirror/debian/ ;;
*update*) touch {self.place}/lists ;;
*install*) for name; do echo "$name 1:10.0.2" >>{self.have}; done ;;
esac""")
        self.checkout()

    def checkout(self):
        self.top = self.place / "checkout"
        (self.top / "scripts").mkdir(parents=True)
        for name in ("setup", "install", "stage", "tally", "packages", "packages.qemu",
                     "packages.check"):
            shutil.copy(SCRIPTS / name, self.top / "scripts" / name)
        text = (self.top / "scripts/install").read_text()
        self.sources = self.place / "sources"
        self.sources.mkdir()
        (self.top / "scripts/install").write_text(
            text.replace("/etc/apt/sources.list.d", str(self.sources)))

    def machine(self, name="debian", version="13", processor="x86_64", gigabytes=50):
        release = self.place / "os-release"
        release.write_text(f'ID={name}\nVERSION_ID="{version}"\nVERSION_CODENAME=codename\n')
        self.env["OS_RELEASE"] = str(release)
        self.fake("uname", f"echo {processor}")
        self.fake("df", f"printf 'Avail\\n{gigabytes * 1024 * 1024}\\n'")

    def setup(self, *words, **env):
        return self.run_program(self.top / "scripts/setup", *words, **env)

    def test_installs_what_is_missing_then_nothing(self):
        done = self.setup()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("gcc-aarch64-linux-gnu", self.called())
        self.assertNotIn("shellcheck", self.called())
        self.calls.unlink()
        done = self.setup()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertNotIn("apt-get", self.called())

    def test_check_installs_more(self):
        self.setup("--check")
        self.assertIn("shellcheck", self.called())

    def test_qemu_installs_what_builds_it(self):
        self.setup("--qemu")
        self.assertIn("libglib2.0-dev", self.called())
        self.assertIn(" meson", self.called())
        self.assertNotIn("meson=", self.called())
        self.assertNotIn("shellcheck", self.called())

    def test_old_meson_is_not_enough(self):
        self.setup("--qemu")
        self.have.write_text(self.have.read_text().replace("meson 1:10.0.2", "meson 1.0.1"))
        self.calls.unlink()
        self.setup("--qemu")
        self.assertIn("meson", self.called().split("apt-get", 1)[1])

    def test_arm64_needs_no_cross_compiler(self):
        self.machine(processor="aarch64")
        self.assertEqual(self.setup().returncode, 0)
        self.assertNotIn("gcc-aarch64-linux-gnu", self.called())

    def test_old_qemu_is_not_enough(self):
        self.setup()
        self.have.write_text(self.have.read_text().replace(
            "qemu-system-arm 1:10.0.2", "qemu-system-arm 1:7.2+dfsg-7"))
        self.calls.unlink()
        self.setup()
        self.assertIn("qemu-system-arm", self.called().split("apt-get", 1)[1])

    def test_foreign_machines(self):
        self.machine(name="fedora", version="40")
        self.says("this is fedora 40 and set-up knows Debian 12 and 13 only", self.setup())
        self.machine(version="11")
        self.says("this is debian 11", self.setup())
        self.machine(processor="riscv64")
        self.says("this machine is riscv64", self.setup())
        self.env["OS_RELEASE"] = "/nonexistent"
        self.says("an unknown system", self.setup())
        self.assertNotIn("apt-get", self.called())

    def test_place_that_kbuild_refuses(self):
        for name in ("with space", "with:colon"):
            self.top = self.top.rename(self.place / name)
            self.says(f"{self.top}, has a space or a colon in its path", self.setup())
        self.assertNotIn("apt-get", self.called())

    def test_too_little_disk(self):
        self.machine(gigabytes=3)
        self.says("has 3 GB left and the kernel's source", self.setup())

    def test_wrong_tarball(self):
        self.says("is no file", self.setup(LINUX_TARBALL="/nonexistent"))

    def test_tarball_by_a_relative_path(self):
        (self.top / "own.tar").touch()
        place = os.getcwd()
        self.addCleanup(os.chdir, place)
        os.chdir(self.top)
        self.assertEqual(self.setup(LINUX_TARBALL="own.tar").returncode, 0)

    def test_no_network(self):
        self.fake("apt-get", "exit 100")
        done = self.setup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("check the network", done.stdout)
        self.assertIn("again:", done.stdout)

    def test_no_root_and_no_sudo(self):
        self.fake("sudo", "exit 1")
        self.says("sudo wants a password and there is no terminal", self.setup(FAKE_UID="1000"))
        self.assertNotIn("install --no", self.called())

    def test_sudo_without_a_password(self):
        self.fake("sudo", 'shift; exec env FAKE_UID=0 "$@"')
        done = self.setup(FAKE_UID="1000")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("These packages are missing: make git", done.stdout)

    def test_installation_that_lies(self):
        self.fake("apt-get", "true")
        self.says("still missing after the installation", self.setup())

    def test_backports_are_added_once_on_debian_12(self):
        self.machine(version="12")
        codename = subprocess.run(["sed", "-n", "s/^VERSION_CODENAME=//p", "/etc/os-release"],
                                  stdout=subprocess.PIPE, text=True).stdout.strip()
        self.fake("apt-get", f"""case "$*" in
*indextargets*backports*) [ -e {self.sources}/guest-stage-backports.sources ] && echo m ;;
*indextargets*) echo mirror/debian/ ;;
*install*) for name; do echo "$name 1:10.0.2" >>{self.have}; done ;;
esac; true""")
        self.assertEqual(self.setup().returncode, 0)
        text = (self.sources / "guest-stage-backports.sources").read_text()
        self.assertIn("URIs: mirror/debian/\n", text)
        self.assertIn(f"Suites: {codename}-backports\n", text)
        self.assertIn(f"-t {codename}-backports qemu-system-arm", self.called())
        self.have.write_text(self.have.read_text().replace("qemu-system-arm", "x"))
        self.calls.unlink()
        self.assertEqual(self.setup().returncode, 0)
        self.assertEqual(self.called().count("apt-get -y -q -o DPkg::Lock::Timeout=300 -o "
                                             "APT::Status-Fd=3 update"), 1)

    def test_debian_13_needs_no_backports(self):
        self.setup()
        self.assertEqual(list(self.sources.iterdir()), [])

    def test_usage(self):
        self.assertEqual(self.setup("x").returncode, 2)
        self.assertEqual(self.run_program(self.top / "scripts/install").returncode, 2)
        self.says("needs root", self.run_program(self.top / "scripts/install", "13", "x",
                                                 FAKE_UID="1"))


class Clean(Case):
    def setUp(self):
        super().setUp()
        self.top = self.place / "checkout"
        (self.top / "scripts").mkdir(parents=True)
        for name in ("linux", "qemu"):
            (self.top / "build" / name).mkdir(parents=True)
        (self.top / "out").mkdir()
        shutil.copy(SCRIPTS / "clean", self.top / "scripts/clean")

    def clean(self, save):
        program = self.top / "scripts/save"
        program.write_text(f"#!/bin/sh\n{save}\n")
        program.chmod(0o755)
        return self.run_program(self.top / "scripts/clean")

    def test_unsaved_work_stays(self):
        done = self.clean("echo 'save: reason' >&2; exit 1")
        self.says("save: reason", done)
        self.assertIn("work that is not in linux/", done.stderr)
        self.assertTrue((self.top / "build/linux").exists())

    def test_unsaved_work_on_qemu_stays(self):
        self.says("work that is not in qemu/", self.clean('[ "$2" = linux ]'))
        self.assertTrue((self.top / "build/qemu").exists())

    def test_saved_work_goes(self):
        self.assertEqual(self.clean("exit 0").returncode, 0)
        self.assertFalse((self.top / "build").exists() or (self.top / "out").exists())


class Machines(Case):
    """scripts/test, with a lab/run that says which machine it boots and then fails."""

    def boot_all(self, cpus):
        top = self.place / "checkout"
        for folder in ("scripts", "lab", "build/kselftest"):
            (top / folder).mkdir(parents=True)
        shutil.copy(SCRIPTS / "test", top / "scripts/test")
        (top / "build/kselftest/kselftest-list.txt").write_text("".join(
            f"vfio:{name}_test\n" for name in ("states", "pasids", "kill", "unplug", "race")))
        run = top / "lab/run"
        run.write_text('#!/bin/bash\nwhile [ $1 != --out ]; do shift; done\n'
                       'echo "${2##*/}"\n[ "${2##*/}" != test-life ]\n')
        run.chmod(0o755)
        self.fake("nproc", f"echo {cpus}")
        return self.run_program(top / "scripts/test", "--debug")

    def test_each_machine_boots_once_and_a_failure_counts(self):
        for cpus in (2, 4):
            done = self.boot_all(cpus)
            shutil.rmtree(self.place / "checkout")
            with self.subTest(cpus):
                self.assertEqual(sorted(done.stdout.split()), [
                    "test", "test-life", "test-pasid", "test-race", "test-unplug"])
                self.assertEqual(done.stdout.split()[-1], "test-race")
                self.assertEqual(done.returncode, 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
