-- Every address and network that a list calls bad, once per list.
SELECT value, ip_text(network) AS address, prefix_len, list_name AS list, min(label) AS label,
       min(valid_from) AS valid_from, max(valid_until) AS valid_until
FROM indicator
WHERE kind = 'ip' AND warning = '' AND network IS NOT NULL AND prefix_len IS NOT NULL
GROUP BY value, network, prefix_len, list_name
ORDER BY list, value
