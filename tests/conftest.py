"""What all tests share: how Hypothesis looks for examples."""

from hypothesis import settings

# a busy machine is no fault of the code, and says so as a flaky test
settings.register_profile("recon", deadline=None)
settings.load_profile("recon")
