import { planPush } from '../../../engine/plan/plan.ts';
import { EcrpError } from '../../../errors.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { isIndex, isManifest } from '../../../oci/media-types.ts';
import { isSamePrivateRegistry } from '../../../oci/private-host.ts';
import {
  formatReference,
  formatRepository,
  type Reference,
  type RepositoryReference,
} from '../../../oci/reference.ts';
import { openArtifactFiles } from '../../../source/artifact-files.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import type { Outcome } from '../../output.ts';
import { isSameRegistry } from '../../own-registry.ts';
import { requireNamedRepository } from '../image/place.ts';
import { openRepository, type RepositoryReader } from '../image/reading.ts';
import { type ArtifactRequest, readArtifactRequest } from './artifact-request.ts';
import { type ChosenTarget, chooseTarget } from './choose-target.ts';
import { connectRepository, explainMissing } from './connect-repository.ts';
import { type PushRun, pushPlanned, runPush } from './push-run.ts';
import type { PushOptions } from './request.ts';
import type { PushedImage } from './view.ts';

/** Pushes plain files as one artifact: request → session → subject → files → plan → send → verify → outcome. */
export async function pushArtifact(
  context: CommandContext,
  reference: string,
  files: readonly string[],
  artifactType: string,
  options: PushOptions,
): Promise<Outcome> {
  const request = await readArtifactRequest(context, reference, files, artifactType, options);
  return runPush(context, request, { name: reference, all: false }, async (run) => [
    { name: reference, result: await pushFiles(run, request) },
  ]);
}

async function pushFiles(run: PushRun, request: ArtifactRequest): Promise<PushedImage> {
  const { context, session, progress } = run;
  const { signal } = context.io;
  const chosen = chooseTarget(request.target, [], request.hosts);
  const subject = request.subject && (await findSubject(run, chosen, request.subject));
  const source = await openArtifactFiles({ ...request.input, subject }, signal);
  try {
    const [image] = source.images;
    if (image === undefined) throw new TypeError('no artifact was made');
    const repository = await connectRepository(context, session, progress, request, chosen);
    try {
      const plan = await planPush(source, image, { limits: repository.target.limits });
      return await pushPlanned(run, request, repository, plan);
    } catch (error) {
      throw await explainMissing(error, session, repository, signal);
    }
  } finally {
    await source.close();
  }
}

/** Reads the subject in the repository of the artifact. Throws USAGE for another repository, NOT_FOUND for a missing subject. */
async function findSubject(
  { context, session }: PushRun,
  target: ChosenTarget,
  subject: Reference,
): Promise<Pick<Descriptor, 'mediaType' | 'digest' | 'size'>> {
  const isSame =
    subject.repositoryName === target.repositoryName &&
    isSamePrivateRegistry(subject.privateRegistry, target.privateRegistry) &&
    (subject.registryAlias === target.registryAlias ||
      (await isSameRegistry(session, target, subject, context.io.signal)));
  if (!isSame) {
    throw new EcrpError(
      'USAGE',
      `the subject is in ${formatRepository(subject)}, but the artifact goes to ${formatRepository(target)}`,
      { hint: 'Push the artifact to the repository of its subject.' },
    );
  }
  const { imageTag, imageDigest } = subject;
  const reader = await openSubjects(context, session, subject);
  const { bytes, digest, mediaType } = await reader.readManifest(imageTag ?? imageDigest ?? 'latest');
  if (imageDigest !== undefined && digest !== imageDigest) {
    throw new EcrpError(
      'CONFLICT',
      `${reader.name}: the tag ${imageTag} is on ${digest}, not on ${imageDigest}`,
      {
        hint: 'Leave out the tag or the digest of the subject.',
      },
    );
  }
  if (isIndex(mediaType) || isManifest(mediaType)) return { mediaType, digest, size: bytes.length };
  throw new EcrpError('INVALID_INPUT', `${formatReference(subject)}: no artifact can refer to ${mediaType}`, {
    hint: 'Push the subject again, in a format of OCI.',
  });
}

/** Opens the repository of a subject: one of ECR Public through `/v2/`, one of private ECR through the API. */
async function openSubjects(
  context: CommandContext,
  session: EcrSession,
  repository: RepositoryReference,
): Promise<Pick<RepositoryReader, 'name' | 'readManifest'>> {
  const { privateRegistry } = repository;
  if (privateRegistry !== undefined) {
    const { openPrivateImages } = await import('./connect-private.ts');
    return openPrivateImages(session, { ...repository, privateRegistry }, context.io.signal);
  }
  return openRepository(context, session, await requireNamedRepository(context, session, repository));
}
