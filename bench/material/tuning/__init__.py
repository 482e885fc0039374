"""Recordings to tune on: music and clicks damaged together, and then passed through what transfers pass.

What is reported comes from another generator, written apart from this one.
"""
