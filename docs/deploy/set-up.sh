#!/bin/sh
# Folders, accounts and configuration of one course on one machine. Run once, as root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
course=chainrule
account=grader-$course
home=/home/$account

# The course is a user. Nobody logs in as it, and nobody else reads its folder.
useradd --create-home --shell /usr/sbin/nologin "$account"
chmod 700 "$home"
runuser -u "$account" -- mkdir -p "$home/course"

# The exchange. Students have to be able to write to it (nbgrader insists). The
# sticky bit, and a folder of the course's own, keep them from moving it away.
install -d -m 755 /srv/nbgrader
install -d -m 1777 /srv/nbgrader/exchange
install -d -m 755 -o "$account" -g "$account" "/srv/nbgrader/exchange/$course"

# The hub's own folder: cookies and tokens.
install -d -m 700 /var/lib/jupyterhub

install -d /etc/jupyterhub /etc/dask
install -d /etc/jupyter/labconfig /etc/jupyter/graders/labconfig
install -m 644 "$here/jupyterhub_config.py" /etc/jupyterhub/
install -m 644 "$here/nbgrader_config.py" /etc/jupyter/
install -m 644 "$here/jupyter_server_config.py" /etc/jupyter/
install -m 644 "$here/page_config.json" /etc/jupyter/labconfig/
install -m 644 "$here/graders/jupyter_server_config.py" /etc/jupyter/graders/
install -m 644 "$here/graders/page_config.json" /etc/jupyter/graders/labconfig/
