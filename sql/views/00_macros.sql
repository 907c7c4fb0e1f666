-- Minor units as a DECIMAL in major units, by the ISO 4217 exponent of the currency; never through a DOUBLE.
CREATE OR REPLACE MACRO major(minor, currency) AS CAST(
    CASE
    WHEN currency IN (
        'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV',
        'XAF', 'XOF', 'XPF'
    ) THEN CAST(minor AS DECIMAL(30, 0))
    WHEN currency IN (
        'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'
    ) THEN CAST(minor AS DECIMAL(30, 0)) * 0.001
    WHEN currency IN (
        'CLF', 'UYW'
    ) THEN CAST(minor AS DECIMAL(30, 0)) * 0.0001
    ELSE CAST(minor AS DECIMAL(30, 0)) * 0.01
    END AS DECIMAL(24, 4)
);

-- Minor units as people read them, with exactly the currency's decimals: 1,712.30 CNY, 12 JPY. Whole numbers only.
CREATE OR REPLACE MACRO with_decimals(minor, unit, digits) AS
    if(minor < 0, '-', '') || format('{:,}', abs(minor) // unit) || '.'
    || lpad(CAST(abs(minor) % unit AS VARCHAR), digits, '0');
CREATE OR REPLACE MACRO money_text(minor, currency) AS
    CASE
    WHEN currency IN (
        'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV',
        'XAF', 'XOF', 'XPF'
    ) THEN format('{:,}', CAST(minor AS BIGINT))
    WHEN currency IN (
        'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'
    ) THEN with_decimals(CAST(minor AS BIGINT), 1000, 3)
    WHEN currency IN (
        'CLF', 'UYW'
    ) THEN with_decimals(CAST(minor AS BIGINT), 10000, 4)
    ELSE with_decimals(CAST(minor AS BIGINT), 100, 2)
    END || ' ' || currency;

-- The exception of a settlement line whose fee differs: source, file and place make it the same on every machine.
CREATE OR REPLACE MACRO fee_exception(source, file, row_id) AS
    'E' || left(md5('FEE_VARIANCE|' || source || '|' || file || '|' || row_id % 4294967296), 15);
