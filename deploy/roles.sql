-- Two roles for the ledger. `opentrain_mcp_owner` makes the tables and brings them up to date; the servers work as
-- `opentrain_mcp`, which adds to the record and can neither change nor remove a line of it.
--
-- Run it as a superuser in the ledger's database, before the first server starts and after each update:
--
--   psql -v owner_password=… -v password=… -f roles.sql …          (the first time)
--   OPENTRAIN_LEDGER=postgres://opentrain_mcp_owner:…@HOST/DATABASE opentrain-mcp audit
--   psql -f roles.sql …                                            (again: the grants need the tables)

SELECT 'CREATE ROLE opentrain_mcp_owner LOGIN PASSWORD ' || quote_literal(:'owner_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'opentrain_mcp_owner') \gexec
SELECT 'CREATE ROLE opentrain_mcp LOGIN PASSWORD ' || quote_literal(:'password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'opentrain_mcp') \gexec

SELECT format('GRANT CREATE, CONNECT ON DATABASE %I TO opentrain_mcp_owner', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO opentrain_mcp', current_database()) \gexec

SELECT to_regclass('opentrain_mcp.record') IS NOT NULL AS has_tables \gset
\if :has_tables
    REVOKE ALL ON ALL TABLES IN SCHEMA opentrain_mcp FROM opentrain_mcp, PUBLIC;
    GRANT USAGE ON SCHEMA opentrain_mcp TO opentrain_mcp;
    GRANT SELECT ON opentrain_mcp.migration TO opentrain_mcp;
    -- Lines are only added.
    GRANT SELECT, INSERT ON opentrain_mcp.record TO opentrain_mcp;
    GRANT SELECT, INSERT ON opentrain_mcp.stop_switch TO opentrain_mcp;
    -- Who holds the lock of which contract, for seconds.
    GRANT SELECT, INSERT, UPDATE ON opentrain_mcp.contract_lock TO opentrain_mcp;
    -- How calls ended that a person was asked for, for a day.
    GRANT SELECT, INSERT, UPDATE, DELETE ON opentrain_mcp.state_lock TO opentrain_mcp;
\endif
