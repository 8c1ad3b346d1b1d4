import { EcrpError } from '../../errors.ts';
import type { PushService, StartedUpload } from '../push-service.ts';

/**
 * Lets a template of the registry create a missing repository. Which call does that is not recorded; BatchCheckLayerAvailability is not likely
 * to. So one upload is initiated before the repository counts as missing. A blob gets that upload, so nothing is left of it.
 * `onCreated` is called when the repository was created.
 */
export function createOnPush(service: PushService, onCreated: () => void): PushService {
  let begun: StartedUpload | undefined;
  return {
    ...service,
    async findAvailable(digests, signal) {
      try {
        return await service.findAvailable(digests, signal);
      } catch (error) {
        if (!isOf(error, 'NOT_FOUND')) throw error;
        try {
          begun = await service.initiateUpload(signal);
        } catch (refusal) {
          const isVain = isOf(refusal, 'NOT_FOUND') || (isOf(refusal, 'AUTH') && !isOfCreation(refusal));
          throw isVain ? error : refusal;
        }
        onCreated();
        return new Set();
      }
    },
    async initiateUpload(signal) {
      const upload = begun ?? (await service.initiateUpload(signal));
      begun = undefined;
      return upload;
    },
  };
}

/** A template is for the repository, but the caller may not create one. */
function isOfCreation({ message }: EcrpError): boolean {
  return /\becr:CreateRepository\b/.test(message);
}

function isOf(error: unknown, code: EcrpError['code']): error is EcrpError {
  return error instanceof EcrpError && error.code === code;
}
