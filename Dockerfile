# An instructor's machine: JupyterLab with nbgrader, the chainrule command and its judge.
#
#   docker build -t chainrule .
#   docker run --rm -it -p 127.0.0.1:8888:8888 -v "$PWD/backprop:/home/instructor/backprop" chainrule
#
# docs/deploy.md, "In a container", says what a container grants the jail, and how to grant it more.
FROM python:3.12-slim-bookworm

# The checkout stays in the image: new courses are copied from its masters.
COPY . /opt/chainrule
RUN python -m pip install --no-cache-dir -c /opt/chainrule/constraints.txt -e "/opt/chainrule[grading]"

# Student code is never run as root.
RUN useradd --create-home --uid 1000 instructor \
 && install -d -o instructor -g instructor /home/instructor/backprop
USER instructor
WORKDIR /home/instructor
RUN chainrule --version

EXPOSE 8888
# The token that JupyterLab prints is what lets you in.
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser"]
