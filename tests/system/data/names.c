// SPDX-License-Identifier: LGPL-2.1-or-later
/* A service that asks its C library who it is and where hosts are, says it, and stays: names NAME... Built against musl. */
#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

static void say_address(const char *name)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    char text[INET_ADDRSTRLEN] = "";
    int failure = getaddrinfo(name, NULL, &hints, &found);

    if (failure) {
        printf("%s: %s\n", name, gai_strerror(failure));
        return;
    }
    inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)found->ai_addr)->sin_addr, text, sizeof text);
    printf("%s is %s\n", name, text);
    freeaddrinfo(found);
}

int main(int argc, char **argv)
{
    const struct passwd *user = getpwuid(getuid());
    const struct group *group = getgrgid(getgid());

    printf("user %s\ngroup %s\n", user ? user->pw_name : "nobody knows", group ? group->gr_name : "nobody knows");
    for (int i = 1; i < argc; i++)
        say_address(argv[i]);
    fflush(stdout);
    pause();
    return 0;
}
