import type { PushService } from '../ecr/push-service.ts';
import { EcrpError } from '../errors.ts';

type CreateRepository = (signal: AbortSignal) => Promise<void>;

export function isRepositoryMissing(error: unknown): boolean {
  return error instanceof EcrpError && error.awsError === 'RepositoryNotFoundException';
}

/** Creates the repository; false when another push has created it in the meantime. */
export async function isCreated(create: CreateRepository, signal: AbortSignal): Promise<boolean> {
  try {
    await create(signal);
    return true;
  } catch (error) {
    if (error instanceof EcrpError && error.awsError === 'RepositoryAlreadyExistsException') {
      return false;
    }
    throw error;
  }
}

/** The same service, whose first calls create the repository when it is missing; once, however many find that out. */
export function createOnDemand(
  service: PushService,
  create: CreateRepository,
  signal: AbortSignal,
): PushService {
  let created: Promise<boolean> | undefined;
  const attempt = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    try {
      return await call();
    } catch (error) {
      if (!isRepositoryMissing(error)) {
        throw error;
      }
      created ??= isCreated(create, signal);
      await created;
      return call();
    }
  };
  return {
    ...service,
    findAvailable: (digests, inner) => attempt(() => service.findAvailable(digests, inner)),
    initiateUpload: (inner) => attempt(() => service.initiateUpload(inner)),
  };
}
