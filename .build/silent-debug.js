// Replaces the package `debug`. The proxy agents log with it if DEBUG is set; users of ecrp have not asked for that, and it looks for a
// package that is not bundled.

const createDebug = () => () => undefined;

// biome-ignore lint/style/noDefaultExport: the package has a default export
export default createDebug;
