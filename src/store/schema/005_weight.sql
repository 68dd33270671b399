-- A file weighs at least 4096 bytes in its owner's quota: users.upload_bytes is the sum of that.
UPDATE users SET upload_bytes = upload_bytes + tiny.more
    FROM (SELECT user_id, sum(4096 - bytes) AS more FROM uploads WHERE bytes < 4096
        GROUP BY user_id) AS tiny
    WHERE tiny.user_id = users.id;
