"""JSON Schemas for RayService: a small one of our own, and KubeRay's, closed to unknown fields.

The API server drops a field that it doesn't know, without a word, and the pod comes up without what the field
was for. Here such a field is an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

Schema = dict[str, Any]

_STRING: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_BOOLEAN: Schema = {"type": "boolean"}
_STRINGS: Schema = {"type": "object", "additionalProperties": _STRING}
_QUANTITIES: Schema = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _one_of(*values: str) -> Schema:
    return {"enum": list(values)}


_SECRET_KEY = _object(("name", "key"), name=_STRING, key=_STRING)
_FROM_SECRET = _object(("secretKeyRef",), secretKeyRef=_SECRET_KEY)
_RESOURCES = _object(("requests",), requests=_QUANTITIES, limits=_QUANTITIES)
_MOUNT = _object(("name", "mountPath"), name=_STRING, mountPath=_STRING, readOnly=_BOOLEAN)
_PORT = {"type": ["integer", "string"]}
_PROBE = _object(
    ("httpGet",),
    httpGet=_object(("path", "port"), path=_STRING, port=_PORT),
    initialDelaySeconds=_COUNT,
    periodSeconds=_COUNT,
    timeoutSeconds=_COUNT,
    failureThreshold=_COUNT,
)
_CONTAINER_SECURITY = _object(
    allowPrivilegeEscalation=_BOOLEAN,
    readOnlyRootFilesystem=_BOOLEAN,
    capabilities=_object(drop=_list(_STRING)),
)
_COMMAND = _object(("exec",), exec=_object(("command",), command=_list(_STRING)))
_CONTAINER = _object(
    ("name", "image", "env", "livenessProbe", "readinessProbe", "resources"),
    name=_STRING,
    image=_STRING,
    imagePullPolicy=_one_of("IfNotPresent", "Always", "Never"),
    env=_list(_object(("name", "value"), name=_STRING, value=_STRING)),
    ports=_list(_object(("name", "containerPort"), name=_STRING, containerPort=_COUNT)),
    livenessProbe=_PROBE,
    readinessProbe=_PROBE,
    lifecycle=_object(preStop=_COMMAND),
    securityContext=_CONTAINER_SECURITY,
    resources=_RESOURCES,
    volumeMounts=_list(_MOUNT),
)
_VOLUME = _object(
    ("name",),
    name=_STRING,
    emptyDir=_object(medium=_one_of("Memory"), sizeLimit=_STRING),
    persistentVolumeClaim=_object(("claimName",), claimName=_STRING, readOnly=_BOOLEAN),
)
_TOLERATION = _object(key=_STRING, operator=_one_of("Exists", "Equal"), effect=_STRING)
_SPREAD = _object(
    ("maxSkew", "topologyKey", "whenUnsatisfiable", "labelSelector"),
    maxSkew=_COUNT,
    topologyKey=_STRING,
    whenUnsatisfiable=_one_of("ScheduleAnyway", "DoNotSchedule"),
    labelSelector=_object(matchLabels=_STRINGS),
)
_POD_SECURITY = _object(
    runAsNonRoot=_BOOLEAN,
    runAsUser=_COUNT,
    runAsGroup=_COUNT,
    fsGroup=_COUNT,
    fsGroupChangePolicy=_one_of("OnRootMismatch", "Always"),
    seccompProfile=_object(type=_STRING),
)
_POD = _object(
    ("containers",),
    automountServiceAccountToken=_BOOLEAN,
    securityContext=_POD_SECURITY,
    terminationGracePeriodSeconds=_COUNT,
    topologySpreadConstraints=_list(_SPREAD),
    tolerations=_list(_TOLERATION),
    containers=_list(_CONTAINER),
    volumes=_list(_VOLUME),
)
_TEMPLATE = _object(("metadata", "spec"), metadata=_object(labels=_STRINGS), spec=_POD)
_WORKER_GROUP = _object(
    ("groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"),
    groupName=_STRING,
    replicas=_COUNT,
    minReplicas=_COUNT,
    maxReplicas=_COUNT,
    idleTimeoutSeconds=_COUNT,
    rayStartParams=_STRINGS,
    template=_TEMPLATE,
)
_CLUSTER = _object(
    ("rayVersion", "headGroupSpec", "workerGroupSpecs"),
    rayVersion=_STRING,
    enableInTreeAutoscaling=_BOOLEAN,
    autoscalerOptions=_object(
        version=_one_of("v1", "v2"),
        idleTimeoutSeconds=_COUNT,
        upscalingMode=_one_of("Default", "Aggressive", "Conservative"),
        resources=_RESOURCES,
        securityContext=_CONTAINER_SECURITY,
        volumeMounts=_list(_MOUNT),
    ),
    authOptions=_object(("mode",), mode=_one_of("token", "disabled")),
    gcsFaultToleranceOptions=_object(
        ("redisAddress",),
        redisAddress=_STRING,
        redisPassword=_object(("valueFrom",), valueFrom=_FROM_SECRET),
    ),
    headGroupSpec=_object(("rayStartParams", "template"), rayStartParams=_STRINGS, template=_TEMPLATE),
    workerGroupSpecs=_list(_WORKER_GROUP),
)

OWN: Schema = _object(
    ("apiVersion", "kind", "metadata", "spec"),
    apiVersion=_one_of("ray.io/v1"),
    kind=_one_of("RayService"),
    metadata=_object(("name",), name=_STRING, namespace=_STRING, labels=_STRINGS),
    spec=_object(
        ("serveConfigV2", "rayClusterConfig", "upgradeStrategy"),
        excludeHeadPodFromServeSvc=_BOOLEAN,
        rayClusterDeletionDelaySeconds=_COUNT,
        upgradeStrategy=_object(("type",), type=_one_of("NewCluster", "None")),
        serveConfigV2=_STRING,
        rayClusterConfig=_CLUSTER,
    ),
)


def findings(schema: Schema, manifest: Any) -> list[str]:
    """Return what is wrong with a manifest, each with its place."""
    errors = Draft202012Validator(schema).iter_errors(manifest)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def read_crd(path: Path, version: str = "v1") -> Schema:
    """Return the JSON Schema in a CustomResourceDefinition's file, closed to unknown fields."""
    definition = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    [found] = [one for one in definition["spec"]["versions"] if one["name"] == version]
    schema: Schema = closed(found["schema"]["openAPIV3Schema"])
    # The API server knows metadata by itself; definitions say only that it is an object.
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


def closed(schema: Schema) -> Schema:
    """Return an OpenAPI v3 schema as JSON Schema, without room for unknown fields.

    As in structural schemas, `x-kubernetes-preserve-unknown-fields` leaves an object open;
    `x-kubernetes-int-or-string` and `nullable` are spelt out.
    """
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    result = {key: _closed_value(key, value) for key, value in schema.items()}
    is_open = "additionalProperties" in schema or schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in schema and not is_open:
        result["additionalProperties"] = False
    if schema.get("nullable") and "type" in schema:
        result["type"] = [schema["type"], "null"]
    return result


def _closed_value(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: closed(part) for name, part in value.items()}
    if key in ("items", "additionalProperties") and isinstance(value, dict):
        return closed(value)
    return value  # `allOf` and its kind too: they narrow values and never add fields
