"""Only what pyproject.toml cannot say: a wheel with the library inside is for one platform, but for every Python 3."""
import os
import sysconfig

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel

HERE = os.path.dirname(os.path.abspath(__file__))


class PlatformWheel(bdist_wheel):
    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = not os.path.exists(os.path.join(HERE, "src", "ecoauth", "libecoauth.so.0"))

    def get_tag(self):
        if self.root_is_pure:
            return "py3", "none", "any"
        # The libc it was built against says how far back it works: ECOAUTH_WHEEL_GLIBC is what its symbols need.
        glibc = os.environ["ECOAUTH_WHEEL_GLIBC"].replace(".", "_")
        machine = sysconfig.get_platform().rsplit("-", 1)[-1]
        return "py3", "none", f"manylinux_{glibc}_{machine}"


setup(cmdclass={"bdist_wheel": PlatformWheel})
