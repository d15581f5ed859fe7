// Node-RED as a gateway without an editor has it: it listens nowhere, fetches nothing and tells nobody.
module.exports = {
    httpAdminRoot: false,
    httpNodeRoot: false,
    uiHost: "127.0.0.1",
    disableEditor: true,
    credentialSecret: false,
    telemetry: { enabled: false, updateNotification: false },
    externalModules: {
        autoInstall: false,
        palette: { allowInstall: false, allowUpdate: false, allowUpload: false },
        modules: { allowInstall: false },
    },
    editorTheme: { palette: { catalogues: [] }, tours: false },
    logging: { console: { level: "info", metrics: false, audit: false } },
};
