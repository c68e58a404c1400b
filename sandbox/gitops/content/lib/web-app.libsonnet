// What a developers' app consists of. A team gives a name, its own name, and its size.
local environment = import 'environment.json';
// Argo CD gives the name of the cluster that it renders for.
local cluster = std.extVar('cluster');

function(app)
  local labels = { 'app.kubernetes.io/name': app.name, 'eksodus.dev/team': app.team };
  local object(apiVersion, kind, body) = {
    apiVersion: apiVersion,
    kind: kind,
    metadata: { name: app.name, labels: labels },
  } + body;
  // The public name has a record of each cluster at once. Mostly external-dns publishes this cluster's own name only, for
  // of the public one it would make a record without a weight. Where the public name is its own, it is told the weight.
  local published = if std.member(environment.annotated.apps, app.name) then {
    'external-dns.alpha.kubernetes.io/hostname': '%s.%s' % [app.name, environment.zone],
    'external-dns.alpha.kubernetes.io/set-identifier': cluster,
    'external-dns.alpha.kubernetes.io/aws-weight': if cluster == environment.annotated.live then '100' else '0',
  } else {
    'external-dns.alpha.kubernetes.io/hostname': '%s.%s.%s' % [app.name, cluster, environment.zone],
  };
  local selector = { matchLabels: { 'app.kubernetes.io/name': app.name } };
  [
    object('apps/v1', 'Deployment', {
      spec: {
        // Where the app starts; the HPA decides afterwards, and its ApplicationSet ignores the difference.
        replicas: app.minReplicas,
        selector: selector,
        template: {
          metadata: { labels: labels },
          spec: {
            containers: [{
              name: 'app',
              image: '%s/%s:%s' % [app.team, app.name, app.version],
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/healthz', port: 'http' } },
              resources: { requests: { cpu: '100m', memory: '128Mi' } },
            }],
          },
        },
      },
    }),
    object('v1', 'Service', {
      spec: {
        selector: selector.matchLabels,
        ports: [{ name: 'http', port: 80, targetPort: 'http' }],
      },
    }),
    object('networking.k8s.io/v1', 'Ingress', {
      metadata+: {
        annotations: {
          // Argo CD deletes the last wave first and waits: the load balancer goes while its pods still serve.
          'argocd.argoproj.io/sync-wave': '1',
          'alb.ingress.kubernetes.io/scheme': 'internet-facing',
          'alb.ingress.kubernetes.io/ip-address-type': 'dualstack',
          'alb.ingress.kubernetes.io/target-type': 'ip',
          'alb.ingress.kubernetes.io/healthcheck-path': '/healthz',
          'external-dns.alpha.kubernetes.io/ingress-hostname-source': 'annotation-only',
        } + published,
      },
      spec: {
        ingressClassName: 'alb',
        rules: [{
          host: '%s.%s' % [app.name, environment.zone],
          http: {
            paths: [{
              path: '/',
              pathType: 'Prefix',
              backend: { service: { name: app.name, port: { name: 'http' } } },
            }],
          },
        }],
      },
    }),
    object('autoscaling/v2', 'HorizontalPodAutoscaler', {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: app.name },
        minReplicas: app.minReplicas,
        maxReplicas: app.maxReplicas,
        metrics: [{
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
        }],
      },
    }),
    object('policy/v1', 'PodDisruptionBudget', {
      spec: { maxUnavailable: 1, selector: selector },
    }),
  ]
