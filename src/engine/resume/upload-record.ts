import type { BegunUpload } from '../../ends/image-target.ts';
import { type Digest, digestOf, isDigest } from '../../oci/digest.ts';

/** The repository that uploads go to. */
export interface UploadTarget {
  /** URL of the API, or its region. */
  readonly endpoint: string;
  /** As in the reference; absent for the caller's own registry. */
  readonly registryAlias?: string | undefined;
  readonly repositoryName: string;
}

/** Identifies what is uploaded: equal subjects have equal bytes. */
export interface UploadSubject {
  /** The digest, or with `compressorId` the diff ID. */
  readonly id: Digest;
  /** How the bytes that are sent follow from those with the diff ID; absent when the blob is sent as it is. */
  readonly compressorId?: string | undefined;
}

/** A saved upload. Its file calls the compressor `encoding`, as every version did. */
export interface UploadRecord extends UploadTarget, UploadSubject, BegunUpload {
  readonly updatedAt: Date;
}

const VERSION = 1;

/** Names a record: 64 hexadecimal digits, equal for equal targets and subjects. */
export function nameRecord(target: UploadTarget, { id, compressorId }: UploadSubject): string {
  const { endpoint, registryAlias = null, repositoryName } = target;
  const parts = [endpoint, registryAlias, repositoryName, id, compressorId ?? null];
  return digestOf(JSON.stringify(parts)).slice('sha256:'.length);
}

export function formatRecord(record: UploadRecord): string {
  const { compressorId: encoding, ...rest } = record;
  return `${JSON.stringify({ ...rest, encoding, version: VERSION, check: checkOf(record) })}\n`;
}

/** Parses a record; undefined when it is damaged or of another version of this program. */
export function parseRecord(text: string): UploadRecord | undefined {
  try {
    return readRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** True when a later version of this program wrote it, and may resume it. */
export function isOfLaterVersion(text: string): boolean {
  try {
    const { version }: Members = JSON.parse(text);
    return typeof version === 'number' && version > VERSION;
  } catch {
    return false;
  }
}

type Members = Readonly<Partial<Record<keyof UploadRecord | 'encoding' | 'version' | 'check', unknown>>>;

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
    compressorId: encoding,
    uploadId,
    partSize,
    nextByte,
    updatedAt: new Date(updatedAt),
  };
  return check === checkOf(record) ? record : undefined;
}

/** Covers all other members, so that a damaged record is never used. */
function checkOf(record: UploadRecord): Digest {
  const { uploadId, partSize, nextByte, updatedAt } = record;
  return digestOf(
    JSON.stringify([nameRecord(record, record), uploadId, partSize, nextByte, updatedAt.toISOString()]),
  );
}

/** Endpoints with a password are refused today. A record of an earlier version would show the password. */
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
