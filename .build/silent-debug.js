// In the place of the package `debug`, by which the proxy agents tell what they do when DEBUG is set: nobody asked us for that, and it
// looks for a package that is not here.

const createDebug = () => () => undefined;

// biome-ignore lint/style/noDefaultExport: as the package exports it
export default createDebug;
