# SPDX-License-Identifier: Apache-2.0

import os
import sys
import threading


def orphaned():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=orphaned, daemon=True).start()

from moto.core.base_backend import BackendDict, backend_lock  # noqa: E402
from moto.ec2.models.launch_templates import LaunchTemplate  # noqa: E402
from moto.ec2.utils import parse_user_data  # noqa: E402
from moto.moto_api._internal import urls  # noqa: E402
from moto.s3.models import s3_backends  # noqa: E402
from moto.server import main  # noqa: E402


def empty(request, full_url, headers):
    account = request.args["account"]
    with backend_lock:
        for service in BackendDict._instances:
            if account in service.keys():
                service.pop(account).reset()
        for bucket, (_, owner) in list(s3_backends.bucket_accounts.items()):
            if owner == account:
                del s3_backends.bucket_accounts[bucket]
    return 200, {}, "{}"


def typed(create):
    """moto types the user data of a template's first version only, and cannot start an instance from any other."""

    def create_version(self, data, description):
        if isinstance(data.get("UserData"), str):
            data["UserData"] = parse_user_data(data["UserData"])
        return create(self, data, description)

    return create_version


LaunchTemplate.create_version = typed(LaunchTemplate.create_version)
urls.url_paths["{0}/moto-api/empty"] = empty
main(sys.argv[1:])
