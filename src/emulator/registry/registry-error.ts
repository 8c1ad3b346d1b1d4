import type { OutgoingHttpHeaders } from 'node:http';

/** An answer of the registry other than what was asked for. `code` is one of the OCI distribution specification or what the service was seen to send. */
export class RegistryError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, code: string, message: string, headers: OutgoingHttpHeaders = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function repositoryUnknown(repositoryName: string, registryAlias: string): RegistryError {
  // The service names the alias as if it were the registry's id. Source: aws-samples/amazon-eks-cdk-blue-green-cicd#24.
  const message = `The repository with name '${repositoryName}' does not exist in the registry with id '${registryAlias}'`;
  return new RegistryError(404, 'NAME_UNKNOWN', message);
}

export function manifestUnknown(): RegistryError {
  return new RegistryError(404, 'MANIFEST_UNKNOWN', 'Requested image not found');
}

export function blobUnknown(digest: string): RegistryError {
  return new RegistryError(404, 'BLOB_UNKNOWN', `The layer with digest '${digest}' does not exist`);
}

export function unsupported(): RegistryError {
  return new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.');
}
