local webApp = import 'web-app.libsonnet';

webApp({ name: 'messages', team: 'chat', version: '4.2.0', minReplicas: 3, maxReplicas: 9 })
