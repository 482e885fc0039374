"""Third-party VST3s as chain members: found, diagnosed, and run in worker processes.

::

    bundles, module_info     what lies on disk, told without running it
    catalogue, probe         what is known of every bundle, kept between runs
    instance                 one loaded plugin, in whichever process
    worker <- wire -> client the process it runs in; audio through shared_audio
    processes, fork_server   where that process comes from
    stream                   one recording's way through it: channels, latency, what went wrong when
    plugin, parameter        `VST3`, the settings a person holds in their hand
"""
