// How the viewer is set up: it reads and writes the archive at the same origin, and nothing else.
window.config = {
  name: 'J-MID',
  routerBasename: '/viewer',
  extensions: [],
  modes: [],
  // Segmentation Storage, uncompressed: far more software reads it than OHIF's own choice, Label Map Segmentation
  // Storage, or its RLE of single bits, which pydicom cannot decode.
  customizationService: [
    {
      'segmentation.store.defaultMode': { $set: 'bitmap' },
      'segmentation.store.transferSyntaxUID': { $set: '1.2.840.10008.1.2.1' },
    },
  ],
  showStudyList: true,
  maxNumberOfWebWorkers: 3,
  showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: true,
  showLoadingIndicator: true,
  strictZSpacingForVolumeViewport: true,
  groupEnabledModesFirst: true,
  investigationalUseDialog: { option: 'configure', days: 90 },
  maxNumRequests: { interaction: 100, thumbnail: 8, prefetch: 25 },
  showErrorDetails: 'always',
  defaultDataSourceName: 'jmid',
  dataSources: [
    {
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
      sourceName: 'jmid',
      configuration: {
        friendlyName: 'J-MID archive',
        name: 'jmid',
        wadoUriRoot: `${window.location.origin}/dicom-web/wado`,
        qidoRoot: `${window.location.origin}/dicom-web`,
        wadoRoot: `${window.location.origin}/dicom-web`,
        qidoSupportsIncludeField: true,
        supportsFuzzyMatching: true,
        supportsWildcard: true,
        imageRendering: 'wadors',
        thumbnailRendering: 'thumbnail',
        thumbnailRequestStrategy: 'fetch',
        enableStudyLazyLoad: true,
        supportsStow: true,
        dicomUploadEnabled: false,
        singlepart: 'bulkdata,video,pdf',
        bulkDataURI: { enabled: true },
        omitQuotationForMultipartRequest: true,
      },
    },
  ],
  httpErrorHandler: error => console.warn(`The archive answered ${error.status}.`),
};
