-- The register of register/tests/inputs.rs, in the words that both servers understand.
CREATE TABLE cases (place INTEGER, record VARCHAR(40), role VARCHAR(20), mobile VARCHAR(80), cn_id VARCHAR(40),
    first_seen VARCHAR(20), held VARCHAR(20));
INSERT INTO cases VALUES
    (1, 'A1', 'agent', '139 1234 5678;+8613912345678', '110105491231002', '2024-01-31', ''),
    (2, 'A2', 'agency', '13800138000', NULL, '2024-02-30', 'maybe'),
    (3, 'A1', 'agent', '13712345678', NULL, NULL, NULL),
    (4, 'A3', NULL, '１３９１２３４５６７９', '440524188001010014', '', 'dispute');
CREATE TABLE kinds (record VARCHAR(40), whole BIGINT, exact DECIMAL(24, 2), rounded DOUBLE PRECISION, day DATE,
    moment TIMESTAMP, nothing VARCHAR(10));
INSERT INTO kinds VALUES
    ('K1', 13912345678, 622202000000000001.00, 10001, '2024-01-31', '2024-02-01 08:00:00', NULL),
    ('K2', 13912345679, 622202000000000001.50, 0.5, '2024-01-31', '2024-02-01 08:00:00', NULL);
CREATE TABLE many (record VARCHAR(40));
CREATE TABLE closed (record VARCHAR(40), mobile VARCHAR(40));
