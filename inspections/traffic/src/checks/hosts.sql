-- Hosts that sent something themselves: they called, they answered, or they asked for a name. At most 20,000, private
-- addresses first, so that a firm's own hosts are kept where scanners of the Internet fill the capture.
WITH seen AS (
    SELECT src_ip AS ip, TRUE AS talks, FALSE AS asks FROM conn
    UNION ALL
    SELECT dst_ip AS ip, TRUE AS talks, FALSE AS asks FROM conn WHERE pkts_in > 0
    UNION ALL
    SELECT src_ip AS ip, FALSE AS talks, TRUE AS asks FROM dns WHERE query IS NOT NULL
),
hosts AS (
    SELECT ip_text(ip) AS address, bool_or(talks) AS talks, bool_or(asks) AS asks FROM seen GROUP BY ip
)
SELECT address, talks, asks
FROM hosts
ORDER BY
    CASE
        WHEN address LIKE '10.%' OR address LIKE '192.168.%' OR address LIKE 'fd%' OR address LIKE 'fe80:%' THEN 0
        WHEN address LIKE '172.1_.%' OR address LIKE '172.2_.%' OR address LIKE '172.3_.%' OR address LIKE '100.%' THEN 1
        ELSE 2
    END,
    address
LIMIT 20000
