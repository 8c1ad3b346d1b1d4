import { type Stats, statSync } from 'node:fs';
import { posix, resolve, sep } from 'node:path';
import { ECR_PUBLIC_LIMITS } from '../../../ecr/limits.ts';
import { ECR_PRIVATE_LIMITS } from '../../../ecr/private/limits.ts';
import type { TargetLimits } from '../../../ends/image-target.ts';
import { checkBlobSize } from '../../../engine/limits.ts';
import { EcrpError } from '../../../errors.ts';
import { quoteForShell, quoteText } from '../../../foreign-text.ts';
import { OCI_LAYER } from '../../../oci/media-types.ts';
import { parsePrivateHost } from '../../../oci/private-host.ts';
import { parseReference, type Reference } from '../../../oci/reference.ts';
import type { ArtifactFile, ArtifactInput } from '../../../source/artifact-files.ts';
import { readAnnotations } from '../../annotation-option.ts';
import type { CommandContext } from '../../command-context.ts';
import { findRegistryHosts, requireRegistryHost } from '../../service-address.ts';
import { readSourceDate } from '../../source-date.ts';
import { type PushOptions, readTransfer, type TransferRequest } from './request.ts';

/** What the command line of `ecrp push --artifact-type` asks for. */
export interface ArtifactRequest extends TransferRequest {
  readonly input: Omit<ArtifactInput, 'subject'>;
  readonly subject: Reference | undefined;
}

/** A type and a subtype. Source: RFC 6838, section 4.2, which the OCI image specification demands. */
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** Source: RFC 3339, section 5.6. */
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

const CREATED = 'org.opencontainers.image.created';

/** Options that choose or change images. */
const FOR_IMAGES = [
  'image',
  'all',
  'platform',
  'foreignLayers',
  'format',
  'compressionLevel',
  'cacheFrom',
] as const;

/**
 * Reads and checks the command line of an artifact: REFERENCE, then files. Throws USAGE, LIMIT for a file that the service cannot store, and
 * INVALID_INPUT for one that cannot be read.
 */
export async function readArtifactRequest(
  context: CommandContext,
  reference: string,
  texts: readonly string[],
  artifactType: string,
  options: PushOptions,
): Promise<ArtifactRequest> {
  const stray = FOR_IMAGES.find((name) => options[name] !== undefined);
  if (stray !== undefined) {
    const option = `--${stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw usage(
      `${option} is for images, and --artifact-type makes an artifact of files`,
      `Leave out ${option}.`,
    );
  }
  if (!MEDIA_TYPE.test(artifactType)) {
    throw usage(`--artifact-type: ${quoteText(artifactType)} is not a media type`, ADVICE);
  }
  if (texts.length === 0) {
    throw usage(
      'no file is given: with --artifact-type, the first argument is the REFERENCE',
      `Name the files after it: ecrp push ${quoteForShell(reference)} FILE --artifact-type ${artifactType}`,
    );
  }
  const [host = ''] = reference.split('/');
  const { privateHost } = findRegistryHosts(context);
  const isPrivate = parsePrivateHost(host, privateHost) !== undefined;
  const limits = isPrivate ? ECR_PRIVATE_LIMITS : ECR_PUBLIC_LIMITS;
  const files = texts.map((text) => readFileArgument(context, text, reference, limits));
  assertDistinctTitles(files);
  const transfer = await readTransfer(context, reference, options);
  const subject = options.subject === undefined ? undefined : parseReference(options.subject, transfer.hosts);
  if (subject !== undefined && subject.privateRegistry === undefined) {
    await requireRegistryHost(context, '--subject');
  }
  return {
    ...transfer,
    input: { artifactType, files, annotations: collectAnnotations(context, options) },
    subject,
  };
}

const ADVICE = 'Write TYPE/SUBTYPE without parameters, e.g. application/spdx+json.';

/** Reads `FILE[:MEDIA_TYPE]`. The name of a file may have a colon too. */
function readFileArgument(
  { io }: CommandContext,
  text: string,
  reference: string,
  limits: TargetLimits,
): ArtifactFile {
  if (text === '-') {
    throw usage('an artifact is made of files, not of standard input', 'Write it into a file first.');
  }
  const colon = text.lastIndexOf(':');
  const [path, mediaType] = colon > 0 ? [text.slice(0, colon), text.slice(colon + 1)] : [text, undefined];
  const whole = findStats(io.cwd, text);
  const named = mediaType === undefined ? undefined : findStats(io.cwd, path);
  if (mediaType !== undefined && named !== undefined) {
    if (MEDIA_TYPE.test(mediaType)) return describeFile(path, named, mediaType, io.cwd, limits);
    if (whole === undefined) throw usage(`${quoteText(mediaType)} is not a media type`, ADVICE);
  }
  if (whole !== undefined) return describeFile(text, whole, OCI_LAYER, io.cwd, limits);
  if (findStats(io.cwd, reference)?.isFile()) {
    throw usage(
      `${quoteText(text)} is not a file, but ${quoteText(reference)} is one`,
      `The REFERENCE comes first: ecrp push ${quoteForShell(text)} ${quoteForShell(reference)} --artifact-type TYPE`,
    );
  }
  throw new EcrpError('INVALID_INPUT', `${quoteText(path)}: no such file`, {
    hint: 'Write FILE or FILE:MEDIA_TYPE after the REFERENCE.',
  });
}

function findStats(cwd: string, path: string): Stats | undefined {
  if (path === '' || path.includes('\0')) return undefined;
  try {
    return statSync(resolve(cwd, path), { throwIfNoEntry: false });
  } catch {
    // A name that is too long, or below a file. Opening it says what is wrong with a name that is meant.
    return undefined;
  }
}

function describeFile(
  path: string,
  stats: Stats,
  mediaType: string,
  cwd: string,
  limits: TargetLimits,
): ArtifactFile {
  if (stats.isDirectory()) {
    throw new EcrpError('INVALID_INPUT', `${quoteText(path)}: a directory, not a file`, {
      hint: `Pack it: tar -czf ${quoteForShell(`${posix.basename(path) || 'files'}.tar.gz`)} ${quoteForShell(path)}`,
    });
  }
  if (!stats.isFile()) {
    throw new EcrpError('INVALID_INPUT', `${quoteText(path)}: not a regular file`, {
      hint: 'Write it into a file first: it is read twice.',
    });
  }
  checkBlobSize(limits, quoteText(path), stats.size, 'file');
  return { path: resolve(cwd, path), mediaType, title: makeTitle(path) };
}

/** The path as ORAS keeps it. One that leads elsewhere would be refused by who pulls it, so only its name is kept. */
function makeTitle(path: string): string {
  const clean = posix.normalize(path.replaceAll(sep, '/'));
  return posix.isAbsolute(clean) || clean.startsWith('../') || /^[A-Za-z]:/.test(clean)
    ? posix.basename(clean)
    : clean;
}

function assertDistinctTitles(files: readonly ArtifactFile[]): void {
  const paths = new Map<string, string>();
  for (const { title, path } of files) {
    const other = paths.get(title);
    if (other !== undefined) {
      throw usage(
        `two files would be ${quoteText(title)} in the artifact: ${quoteText(other)} and ${quoteText(path)}`,
        'Give each file once, or name them by paths below the working directory.',
      );
    }
    paths.set(title, path);
  }
}

/** The time of creation is SOURCE_DATE_EPOCH or none, so that the same files give the same digest. */
function collectAnnotations(
  { io }: CommandContext,
  { annotation = [] }: PushOptions,
): Readonly<Record<string, string>> {
  const given = readAnnotations(annotation);
  const { [CREATED]: created = readSourceDate(io) } = given;
  if (created === undefined) return given;
  if (!DATE_TIME.test(created)) {
    throw usage(
      `${CREATED} is ${quoteText(created)}, not a time of RFC 3339`,
      'Write it as 2026-01-31T12:00:00Z.',
    );
  }
  return { ...given, [CREATED]: created };
}

function usage(problem: string, hint: string): EcrpError {
  return new EcrpError('USAGE', problem, { hint });
}
