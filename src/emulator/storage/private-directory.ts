/** How every directory is made: for its owner alone. One that is there already stays as it is, and what is put in it is private all the same. */
export const PRIVATE_DIRECTORY = { recursive: true, mode: 0o700 } as const;
