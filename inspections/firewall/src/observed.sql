-- Who called whom on which port, the most frequent first; rare calls beyond the limit add nothing to a proposal.
SELECT ip_text(src_ip) AS src, ip_text(dst_ip) AS dst, proto, dst_port, count(*) AS connections
FROM conn
GROUP BY src_ip, dst_ip, proto, dst_port
ORDER BY connections DESC, src, dst, proto, dst_port
LIMIT 50000
