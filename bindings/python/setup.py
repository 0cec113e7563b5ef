"""Only what pyproject.toml cannot say: a wheel with the library inside is for one platform, but for every Python 3."""
import os
import sysconfig

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel

LIBRARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "src", "ecoauth", "libecoauth.so.0")


class PlatformDistribution(Distribution):
    def has_ext_modules(self):
        return os.path.exists(LIBRARY)


class PlatformWheel(bdist_wheel):
    def get_tag(self):
        if not os.path.exists(LIBRARY):
            return "py3", "none", "any"
        # What its symbols need of glibc says how far back it works; whoever builds the library measures it.
        glibc = os.environ["ECOAUTH_WHEEL_GLIBC"].replace(".", "_")
        machine = sysconfig.get_platform().rsplit("-", 1)[-1]
        return "py3", "none", f"manylinux_{glibc}_{machine}"


setup(distclass=PlatformDistribution, cmdclass={"bdist_wheel": PlatformWheel})
