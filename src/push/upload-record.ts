import { type Digest, digestOf, isDigest } from '../oci/digest.ts';

/** Where uploads go. */
export interface UploadTarget {
  /** URL of the API, or its region. */
  readonly endpoint: string;
  /** As the reference has it; absent for the caller's own registry. */
  readonly registryAlias?: string | undefined;
  readonly repositoryName: string;
}

/** What is uploaded: the same of both gives the same bytes. */
export interface UploadSubject {
  /** The digest; the diff ID of a layer that has an encoding. */
  readonly id: Digest;
  /** What makes the bytes that are sent of those with the diff ID; absent when they are the blob's own. */
  readonly encoding?: string | undefined;
}

/** An upload that was begun. */
export interface BegunUpload {
  readonly uploadId: string;
  /** Bytes, as the service asked for them. */
  readonly partSize: number;
  /** All bytes below are acknowledged. */
  readonly nextByte: number;
}

export interface UploadRecord extends UploadTarget, UploadSubject, BegunUpload {
  readonly updatedAt: Date;
}

const VERSION = 1;

/** Names a record: 64 hexadecimal digits, the same for the same target and subject. */
export function nameRecord(target: UploadTarget, { id, encoding }: UploadSubject): string {
  const { endpoint, registryAlias = null, repositoryName } = target;
  const parts = [endpoint, registryAlias, repositoryName, id, encoding ?? null];
  return digestOf(JSON.stringify(parts)).slice('sha256:'.length);
}

export function formatRecord(record: UploadRecord): string {
  return `${JSON.stringify({ ...record, version: VERSION, check: checkOf(record) })}\n`;
}

/** Undefined for what is damaged or of another version of this program. */
export function parseRecord(text: string): UploadRecord | undefined {
  try {
    return readRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whether it is for a later version of this program to go on with. */
export function isOfLaterVersion(text: string): boolean {
  try {
    const { version }: Members = JSON.parse(text);
    return typeof version === 'number' && version > VERSION;
  } catch {
    return false;
  }
}

type Members = Readonly<Partial<Record<keyof UploadRecord | 'version' | 'check', unknown>>>;

function readRecord({ version, check, updatedAt, ...rest }: Members): UploadRecord | undefined {
  const { endpoint, registryAlias, repositoryName, id, encoding, uploadId, partSize, nextByte } = rest;
  if (version !== VERSION || typeof updatedAt !== 'string') return undefined;
  if (typeof endpoint !== 'string' || holdsPassword(endpoint)) return undefined;
  if (!isOptionalText(registryAlias)) return undefined;
  if (typeof repositoryName !== 'string' || !isOptionalText(encoding)) return undefined;
  if (!isDigest(id) || typeof uploadId !== 'string') return undefined;
  if (!isPositive(partSize) || !isPositive(nextByte)) return undefined;
  const record = {
    endpoint,
    registryAlias,
    repositoryName,
    id,
    encoding,
    uploadId,
    partSize,
    nextByte,
    updatedAt: new Date(updatedAt),
  };
  return check === checkOf(record) ? record : undefined;
}

/** Over all else, so that a damaged record is not believed. */
function checkOf(record: UploadRecord): Digest {
  const { uploadId, partSize, nextByte, updatedAt } = record;
  return digestOf(
    JSON.stringify([nameRecord(record, record), uploadId, partSize, nextByte, updatedAt.toISOString()]),
  );
}

/** Endpoints with a password are refused now; a record of an earlier version would show it. */
function holdsPassword(endpoint: string): boolean {
  const { username = '', password = '' } = URL.canParse(endpoint) ? new URL(endpoint) : {};
  return username !== '' || password !== '';
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
