#!/bin/sh
# A certificate for grading on several machines. Run once, as root.
set -eu
account=grader-chainrule
install -d -m 750 -g "$account" /etc/dask/tls
cd /etc/dask/tls
umask 027
openssl req -x509 -newkey ed25519 -nodes -days 400 -subj "/CN=chainrule grading" \
  -keyout ca.key -out ca.pem
openssl req -newkey ed25519 -nodes -subj "/CN=course" -keyout course.key -out course.csr
openssl x509 -req -in course.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
  -days 400 -out course.pem
rm ca.key ca.srl course.csr  # nobody needs another one
chgrp "$account" ca.pem course.pem course.key
chmod 640 ca.pem course.pem course.key
