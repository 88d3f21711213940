// SPDX-License-Identifier: LGPL-2.1-or-later
/* How many of a service there are: `scale`, which is another word for `deploy.replicas`, and --scale. */
#include "load.h"

static const ComposeNode *find_replicas(const ComposeNode *service)
{
    const ComposeNode *scale = compose_node_get(service, "scale");

    return scale ? scale : compose_node_get(compose_node_get(service, "deploy"), "replicas");
}

gboolean compose_check_scale(const ComposeNode *service, GError **error)
{
    const ComposeNode *replicas = compose_node_get(compose_node_get(service, "deploy"), "replicas");
    const ComposeNode *said = find_replicas(service), *name = compose_node_get(service, "container_name");

    if (!said)
        return TRUE;
    if (replicas && said->integer != replicas->integer)
        return compose_error(error, GOURD_ERROR_INPUT, said, "scale and deploy.replicas contradict each other");
    if (said->integer < 0)
        return compose_error(error, GOURD_ERROR_INPUT, said, "a number from 0 is wanted");
    if (said->integer > STACK_SERVICES_MAX)
        return compose_error(error, GOURD_ERROR_LIMIT, said, "a stack has at most %d services", STACK_SERVICES_MAX);
    if (said->integer > 1 && name) {
        compose_error(error, GOURD_ERROR_INPUT, name, "several instances cannot have one name");
        return gourd_error_hint(error, "take container_name away");
    }
    return TRUE;
}

guint compose_count_replicas(const ComposeNode *service, gboolean *ret_said)
{
    const ComposeNode *said = find_replicas(service);

    *ret_said = said != NULL;
    return said ? (guint)said->integer : 1;
}

gboolean compose_project_scale(ComposeProject *project, const char *name, guint replicas, GError **error)
{
    const ComposeNode *services = compose_node_get(project->root, "services");
    ComposeNode *service = compose_find_service(services, name, error);

    if (!service)
        return FALSE;
    ComposeNode *deploy = compose_node_get(service, "deploy");
    if (compose_node_get(deploy, "replicas"))
        compose_node_set(deploy, "replicas", compose_node_new_int(project->arena, replicas, service));
    compose_node_set(service, "scale", compose_node_new_int(project->arena, replicas, service));
    return compose_check_scale(service, error);
}
