/** Options for `mkdir`: directories are private. An existing directory keeps its mode; files in it are private anyway. */
export const PRIVATE_DIRECTORY = { recursive: true, mode: 0o700 } as const;
