"""Activation 激活: from the first boot to the first sale, and the function self-test 功能自检."""
