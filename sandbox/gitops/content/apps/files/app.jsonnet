local webApp = import 'web-app.libsonnet';

webApp({ name: 'files', team: 'storage', version: '1.17.3', minReplicas: 2, maxReplicas: 4 })
