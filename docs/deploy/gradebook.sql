-- A database for the grades. Its owner is let in by Unix account ("peer").
CREATE ROLE "grader-chainrule" LOGIN;
CREATE DATABASE gradebook OWNER "grader-chainrule" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE gradebook FROM PUBLIC;
