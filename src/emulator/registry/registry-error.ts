import type { OutgoingHttpHeaders } from 'node:http';
import { CHOICES } from '../choices.ts';
import type { ServiceError } from '../service-error.ts';
import type { RegistryRules } from './rules.ts';

/** An error answer of the registry. `code` comes from the OCI distribution specification or from recorded answers of the service. */
export class RegistryError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: OutgoingHttpHeaders;
  /** `text`: the body is the message alone. */
  readonly form: 'json' | 'text';

  constructor(
    status: number,
    code: string,
    message: string,
    headers: OutgoingHttpHeaders = {},
    form: RegistryError['form'] = 'json',
  ) {
    super(message);
    this.form = form;
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function repositoryUnknown(repositoryName: string, registryName: string): RegistryError {
  // ECR Public puts the alias where the registry id belongs. Source: aws-samples/amazon-eks-cdk-blue-green-cicd#24.
  const message = `The repository with name '${repositoryName}' does not exist in the registry with id '${registryName}'`;
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

export function pageNotFound(): RegistryError {
  return new RegistryError(404, 'NOT_FOUND', 'page not found');
}

/** The registry's status and code for an exception of the JSON API, as far as recorded. */
const answers: Readonly<Record<string, readonly [status: number, code: string]>> = {
  EmptyUploadException: [400, 'BLOB_UPLOAD_INVALID'],
  LayerPartTooSmallException: [400, 'BLOB_UPLOAD_INVALID'],
  InvalidLayerPartException: [416, 'BLOB_UPLOAD_INVALID'],
  UploadNotFoundException: [404, CHOICES.registryUploadNotFoundCode.value],
  LayersNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  ReferencedImagesNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  ImageDigestDoesNotMatchException: [400, 'DIGEST_INVALID'],
  RepositoryNotFoundException: [404, 'NAME_UNKNOWN'],
  LimitExceededException: [403, 'DENIED'],
  AccessDeniedException: [403, 'DENIED'],
  ThrottlingException: [429, 'TOOMANYREQUESTS'],
};

/** Translates a `ServiceError` of the JSON API to the registry's answer. */
export function translateError({ exception, message }: ServiceError, rules: RegistryRules): RegistryError {
  const byRules: typeof answers = {
    InvalidParameterException: rules.invalidManifest,
    InvalidLayerException: [400, rules.digestMismatchCode],
    ...rules.answers,
  };
  const [status, code] = byRules[exception] ?? answers[exception] ?? [500, 'UNKNOWN'];
  return new RegistryError(status, code, message);
}
