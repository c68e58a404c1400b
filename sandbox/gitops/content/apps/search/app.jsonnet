local webApp = import 'web-app.libsonnet';

webApp({ name: 'search', team: 'discovery', version: '0.9.1', minReplicas: 2, maxReplicas: 6 })
