"""Runs the aws CLI, which is a Python program, many times and loads it once.

Standard input: a line of JSON for each run, with `argv`, `env`, `cwd` and the files `stdout` and `stderr`. The loaded
interpreter forks for each, and the child is the CLI with that environment. Standard output: a line with the exit status.
"""

import json
import os
import runpy
import sys
import traceback

program = sys.argv[1]
before = dict(os.environ)
# What takes the time. The CLI imports the second one when it starts.
import awscli.clidriver  # noqa: E402
import awscli.handlers  # noqa: E402


def remember(kind, name):
    """Lets a method of a class keep its results for all instances. Children of this process have them too."""
    method = getattr(kind, name)
    results = {}

    def remembered(self, *arguments, **named):
        key = (arguments, *named.values())
        if key not in results:
            results[key] = method(self, *arguments, **named)
        return results[key]

    setattr(kind, name, remembered)


def read_data():
    """Reads the data files that each run needs, about half of the work of one."""
    session = awscli.clidriver.create_clidriver().session
    loader = session.get_component("data_loader")
    remember(type(loader), "list_available_services")
    remember(type(loader.file_loader), "load_file")
    # Nothing is sent: making the client is what reads the files.
    for service in ("ecr-public", "ecr"):
        session.create_client(service, "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
        session.get_paginator_model(service)


read_data()
# The CLI tells itself by variables where its data are.
own = {name: value for name, value in os.environ.items() if before.get(name) != value}


def run(request):
    os.environ.clear()
    os.environ.update({**request["env"], **own})
    os.chdir(request["cwd"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(request[name], flags, 0o600), descriptor)
    sys.argv = [program, *request["argv"]]
    try:
        runpy.run_path(program, run_name="__main__")
        return 0
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1


print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        status = run(json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    _, waited = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(waited), flush=True)
