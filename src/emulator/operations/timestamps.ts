// The wire has epoch seconds; recorded samples show milliseconds in `createdAt` and `expiresAt`, whole seconds in `imagePushedAt`.

/** Epoch seconds to the millisecond. */
export function formatSeconds(milliseconds: number): number {
  return milliseconds / 1000;
}

/** Epoch seconds, whole. */
export function formatWholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
