import { EcrpError } from '../../src/errors.ts';

/** Returns the `EcrpError` that something throws. Any other outcome fails the test. */
export async function catchError(run: () => unknown): Promise<EcrpError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof EcrpError) return error;
    throw error;
  }
  throw new Error('expected an EcrpError, but nothing was thrown');
}
