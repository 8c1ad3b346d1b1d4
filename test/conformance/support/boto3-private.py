"""Uses private ECR as a program with boto3 does. The endpoint and the keys are in the environment.

Standard output: a JSON document of what the program saw. Text that standard input has becomes a layer.
"""

import hashlib
import json
import sys
import urllib.error
import urllib.request

import boto3
import botocore.exceptions

ecr = boto3.client("ecr")
seen = {}


def refusal(call, exception, **members):
    """Names the class of the error that a call raises, if it is an instance of that exception."""
    try:
        call(**members)
    except exception as error:
        return type(error).__name__
    return None


def upload(name, data):
    begun = ecr.initiate_layer_upload(repositoryName=name)
    for first in range(0, len(data), begun["partSize"]):
        part = data[first : first + begun["partSize"]]
        ecr.upload_layer_part(
            repositoryName=name,
            uploadId=begun["uploadId"],
            partFirstByte=first,
            partLastByte=first + len(part) - 1,
            layerPartBlob=part,
        )
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    ended = ecr.complete_layer_upload(repositoryName=name, uploadId=begun["uploadId"], layerDigests=[digest])
    assert ended["layerDigest"] == digest
    return {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": len(data)}


def put(name, manifest, **members):
    text = json.dumps(manifest)
    image = ecr.put_image(repositoryName=name, imageManifest=text, **members)["image"]
    assert image["imageManifest"] == text
    return image["imageId"]["imageDigest"], len(text)


# A template makes the repository on push.
kind = "application/vnd.oci.image.manifest.v1+json"
ecr.create_repository_creation_template(
    prefix="made", appliedFor=["CREATE_ON_PUSH"], imageTagMutability="IMMUTABLE"
)
name = "made/app"
layer = upload(name, sys.stdin.buffer.read())
config = {**upload(name, b"{}"), "mediaType": "application/vnd.oci.image.config.v1+json"}
image = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}
digest, size = put(name, image, imageTag="v0")
for number in range(1, 5):
    put(name, image, imageTag=f"v{number}")
subject = {"mediaType": kind, "digest": digest, "size": size}
for number in range(3):
    put(name, {**image, "artifactType": "application/x.sig", "subject": subject, "annotations": {"n": str(number)}})

repository = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
seen["mutability"] = repository["imageTagMutability"]
seen["prefixes"] = [
    template["prefix"]
    for page in ecr.get_paginator("describe_repository_creation_templates").paginate()
    for template in page["repositoryCreationTemplates"]
]
pages = ecr.get_paginator("list_images").paginate(
    repositoryName=name, filter={"tagStatus": "TAGGED"}, PaginationConfig={"PageSize": 2}
)
seen["tags"] = [entry["imageTag"] for page in pages for entry in page["imageIds"]]
pages = ecr.get_paginator("describe_images").paginate(repositoryName=name, PaginationConfig={"PageSize": 1})
details = [detail for page in pages for detail in page["imageDetails"]]
seen["subjects"] = [detail.get("subjectManifestDigest") == digest for detail in details]
seen["statuses"] = sorted({detail["imageStatus"] for detail in details})

referrers, token = [], {}
while token is not None:
    page = ecr.list_image_referrers(
        repositoryName=name, subjectId={"imageDigest": digest}, maxResults=2, **token
    )
    referrers += page["referrers"]
    token = {"nextToken": page["nextToken"]} if "nextToken" in page else None
seen["referrers"] = [[each["artifactType"], each["annotations"]["n"]] for each in referrers]

seen["settings"] = [
    ecr.get_account_setting(name="BLOB_MOUNTING")["value"],
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")["value"],
    ecr.get_account_setting(name="BLOB_MOUNTING")["value"],
]

# The address of a layer takes ranges, and no second credential.
address = ecr.get_download_url_for_layer(repositoryName=name, layerDigest=layer["digest"])["downloadUrl"]


def fetch(headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
            return [answer.status, answer.read().decode()]
    except urllib.error.HTTPError as error:
        return [error.code, ""]


seen["downloads"] = [fetch({}), fetch({"Range": "bytes=-4"}), fetch({"Authorization": "Basic eDp5"})]

known = ecr.exceptions
seen["refusals"] = [
    refusal(ecr.put_image, known.ImageTagAlreadyExistsException, repositoryName=name, imageTag="v0",
            imageManifest=json.dumps({**image, "annotations": {}})),
    refusal(ecr.get_lifecycle_policy, known.LifecyclePolicyNotFoundException, repositoryName=name),
    refusal(ecr.delete_repository_creation_template, known.TemplateNotFoundException, prefix="none"),
    refusal(ecr.create_repository_creation_template, known.TemplateAlreadyExistsException, prefix="made/",
            appliedFor=["CREATE_ON_PUSH"]),
    refusal(ecr.describe_images, known.RepositoryNotFoundException, repositoryName="none"),
    refusal(ecr.get_account_setting, botocore.exceptions.ClientError, name="NONE"),
]
print(json.dumps(seen))
